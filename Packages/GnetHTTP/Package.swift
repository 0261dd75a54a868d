// swift-tools-version: 6.2
import PackageDescription

let swiftSettings: [SwiftSetting] = [
  .strictMemorySafety(),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableExperimentalFeature("Lifetimes"),
]

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
        .product(name: "Gnet", package: "Gnet"),
        .product(name: "RingBuffer", package: "RingBuffer"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: swiftSettings
    ),
    .testTarget(
      name: "GnetHTTPTests",
      dependencies: [
        "GnetHTTP",
        .product(name: "Gnet", package: "Gnet"),
        .product(name: "RingBuffer", package: "RingBuffer"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "TestSupport", package: "TestSupport"),
        .product(name: "TestPeers", package: "TestSupport"),
      ],
      swiftSettings: swiftSettings
    ),
  ],
  swiftLanguageModes: [.v6]
)
