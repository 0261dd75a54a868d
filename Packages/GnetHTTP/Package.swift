// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "GnetHTTP",
  platforms: [.macOS("26.0")],
  products: [
    .library(name: "GnetHTTP", targets: ["GnetHTTP"])
  ],
  dependencies: [
    .package(path: "../Gnet"),
    .package(path: "../RingBuffer"),
    // For the tests alone: no program that depends on this package fetches it.
    .package(path: "../TestSupport"),
    // Without traits: its conveniences for URLs import Foundation.
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
  ],
  targets: [
    .target(
      name: "GnetHTTP",
      dependencies: [
        "Gnet", "RingBuffer",
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Logging", package: "swift-log"),
      ]
    ),
    .testTarget(
      name: "GnetHTTPTests",
      dependencies: [
        "GnetHTTP", "Gnet", "RingBuffer", "TestSupport",
        .product(name: "GnetTesting", package: "Gnet"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "TestPeers", package: "TestSupport"),
      ]
    ),
  ]
)

// Every target of Swift is compiled with these.
for target in package.targets where target.type != .system {
  target.swiftSettings =
    ["ExistentialAny", "MemberImportVisibility", "InternalImportsByDefault", "NonisolatedNonsendingByDefault"]
    .map { .enableUpcomingFeature($0) } + [.strictMemorySafety(), .enableExperimentalFeature("Lifetimes")]
}
