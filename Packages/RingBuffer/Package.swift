// swift-tools-version: 6.2

import PackageDescription

let package = Package(
  name: "RingBuffer",
  platforms: [.macOS(.v15), .iOS(.v18), .tvOS(.v18), .watchOS(.v11), .visionOS(.v2)],
  products: [
    .library(name: "RingBuffer", targets: ["RingBuffer"]),
    .library(name: "Disruptor", targets: ["Disruptor"]),
  ],
  dependencies: [
    // For the tests alone: no program that depends on this package fetches it.
    .package(path: "../TestSupport")
  ],
  targets: [
    .target(name: "RingBuffer"),
    .target(name: "Disruptor"),
    .testTarget(name: "RingBufferTests", dependencies: ["RingBuffer", "TestSupport"]),
    .testTarget(name: "DisruptorTests", dependencies: ["Disruptor", "TestSupport"]),
  ]
)

// Every target is compiled with these.
for target in package.targets {
  target.swiftSettings =
    ["ExistentialAny", "MemberImportVisibility", "InternalImportsByDefault", "NonisolatedNonsendingByDefault"]
    .map { .enableUpcomingFeature($0) } + [.enableExperimentalFeature("Lifetimes")]
  if target.type != .test { target.swiftSettings?.append(.strictMemorySafety()) }
}
