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
  name: "GnetMetrics",
  platforms: [.macOS("26.0")],
  products: [
    .library(name: "GnetMetrics", targets: ["GnetMetrics"]),
    .executable(name: "gnet-metrics", targets: ["gnet-metrics"]),
  ],
  dependencies: [
    .package(path: "../Gnet"),
    .package(path: "../GnetHTTP"),
    .package(path: "../Poller"),
    .package(path: "../RingBuffer"),
    // For the tests alone: no program that depends on this package fetches it.
    .package(path: "../TestSupport"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
  ],
  targets: [
    .systemLibrary(
      name: "CProtobufC",
      pkgConfig: "libprotobuf-c",
      providers: [.apt(["libprotobuf-c-dev"]), .brew(["protobuf-c"])]
    ),
    // What `tools/generate-protobuf` makes of proto/metrics.proto.
    .target(name: "CMetricsSchema", dependencies: ["CProtobufC"]),
    .target(
      name: "GnetMetrics",
      dependencies: [
        "CProtobufC",
        "CMetricsSchema",
        .product(name: "Gnet", package: "Gnet"),
        .product(name: "Poller", package: "Poller"),
        .product(name: "Disruptor", package: "RingBuffer"),
        .product(name: "RingBuffer", package: "RingBuffer"),
        .product(name: "SystemPackage", package: "swift-system"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: swiftSettings
    ),
    // The reading side: all of gnet-metrics but its command line.
    .target(
      name: "MetricsClient",
      dependencies: [
        "GnetMetrics",
        .product(name: "Gnet", package: "Gnet"),
        .product(name: "GnetHTTP", package: "GnetHTTP"),
        .product(name: "RingBuffer", package: "RingBuffer"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      // The page that `gnet-metrics serve` shows.
      resources: [.embedInCode("Page/Resources")],
      swiftSettings: swiftSettings
    ),
    .executableTarget(
      name: "gnet-metrics",
      dependencies: [
        "MetricsClient",
        "GnetMetrics",
        .product(name: "Gnet", package: "Gnet"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: swiftSettings
    ),
    .testTarget(
      name: "GnetMetricsTests",
      dependencies: [
        "GnetMetrics",
        "MetricsClient",
        "gnet-metrics",
        .product(name: "Gnet", package: "Gnet"),
        .product(name: "RingBuffer", package: "RingBuffer"),
        .product(name: "SystemPackage", package: "swift-system"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "TestSupport", package: "TestSupport"),
        .product(name: "TestPeers", package: "TestSupport"),
      ],
      swiftSettings: swiftSettings
    ),
  ],
  swiftLanguageModes: [.v6]
)
