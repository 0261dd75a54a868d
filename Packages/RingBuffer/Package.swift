// swift-tools-version: 6.2

import PackageDescription

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableExperimentalFeature("Lifetimes"),
]

let testSettings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

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
    .target(name: "RingBuffer", swiftSettings: settings),
    .target(name: "Disruptor", swiftSettings: settings),
    .testTarget(
      name: "RingBufferTests",
      dependencies: ["RingBuffer", .product(name: "TestSupport", package: "TestSupport")],
      swiftSettings: testSettings
    ),
    .testTarget(
      name: "DisruptorTests",
      dependencies: ["Disruptor", .product(name: "TestSupport", package: "TestSupport")],
      swiftSettings: testSettings
    ),
  ]
)
