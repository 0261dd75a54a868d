// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "GnetMetrics",
  platforms: [.macOS("26.0")],
  products: [
    .library(name: "GnetMetrics", targets: ["GnetMetrics"]),
    .executable(name: "gnet-metrics", targets: ["gnet-metrics"]),
    // For tools/fuzz alone: nothing in it is public.
    .library(name: "MetricsClient", targets: ["MetricsClient"]),
  ],
  dependencies: [
    .package(path: "../Gnet"),
    .package(path: "../GnetHTTP"),
    // For gnet-metrics alone: a program that depends on the library builds nothing of it, and links no OpenSSL.
    .package(path: "../GnetTLS"),
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
    // The output of `tools/generate-protobuf` for proto/metrics.proto.
    .target(name: "CMetricsSchema", dependencies: ["CProtobufC"]),
    .target(
      name: "GnetMetrics",
      dependencies: [
        "CProtobufC", "CMetricsSchema", "Gnet", "Poller", "RingBuffer",
        .product(name: "Disruptor", package: "RingBuffer"),
        .product(name: "SystemPackage", package: "swift-system"),
        .product(name: "Logging", package: "swift-log"),
      ]
    ),
    // The C of the reading side.
    .target(name: "CMetricsClient"),
    // The reading side: all of gnet-metrics but its command line.
    .target(
      name: "MetricsClient",
      dependencies: [
        "CMetricsClient", "GnetMetrics", "Gnet", "GnetHTTP", "RingBuffer",
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      // The page that `gnet-metrics serve` shows.
      resources: [.embedInCode("Page/Resources")]
    ),
    .executableTarget(
      name: "gnet-metrics",
      dependencies: [
        "MetricsClient", "GnetMetrics", "Gnet", "GnetTLS",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]
    ),
    .testTarget(
      name: "GnetMetricsTests",
      dependencies: [
        "GnetMetrics", "MetricsClient", "gnet-metrics", "Gnet", "GnetTLS", "RingBuffer", "TestSupport",
        .product(name: "SystemPackage", package: "swift-system"),
        .product(name: "InMemoryLogging", package: "swift-log"),
        .product(name: "Logging", package: "swift-log"),
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
