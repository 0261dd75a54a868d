// swift-tools-version: 6.2
import PackageDescription

let swiftSettings: [SwiftSetting] = [
  .strictMemorySafety(),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// An example: a program in a folder of its own.
func example(_ name: String, _ others: Target.Dependency...) -> Target {
  .executableTarget(
    name: name,
    dependencies: [
      "ExampleSupport",
      .product(name: "Gnet", package: "Gnet"),
      .product(name: "RingBuffer", package: "RingBuffer"),
      .product(name: "ArgumentParser", package: "swift-argument-parser"),
    ] + others,
    swiftSettings: swiftSettings
  )
}

/// A program as the users of Gnet write it, for the tests of the documentation.
func program(_ name: String) -> Target {
  .executableTarget(name: name, dependencies: [.product(name: "Gnet", package: "Gnet")], path: "Tests/\(name)")
}

let package = Package(
  name: "GnetExamples",
  platforms: [.macOS("26.0")],
  products: [
    .executable(name: "echo", targets: ["echo"]),
    .executable(name: "http", targets: ["http"]),
    .executable(name: "redis", targets: ["redis"]),
    .executable(name: "chat", targets: ["chat"]),
    .executable(name: "proxy", targets: ["proxy"]),
    .executable(name: "push", targets: ["push"]),
    .executable(name: "blocking", targets: ["blocking"]),
    .executable(name: "upgrade", targets: ["upgrade"]),
    .executable(name: "memcached", targets: ["memcached"]),
    .executable(name: "statsd", targets: ["statsd"]),
    .executable(name: "service-group", targets: ["service-group"]),
  ],
  dependencies: [
    .package(path: "../Gnet"),
    .package(path: "../GnetHTTP"),
    .package(path: "../GnetMetrics"),
    .package(path: "../GnetTLS"),
    .package(path: "../RingBuffer"),
    // For the tests alone.
    .package(path: "../TestSupport"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    example("echo"),
    example("http", .product(name: "GnetHTTP", package: "GnetHTTP")),
    example("redis", "RedisEngine"),
    example("chat"),
    example("proxy", .product(name: "GnetTLS", package: "GnetTLS")),
    example("push"),
    example("blocking"),
    example("upgrade"),
    example("memcached"),
    example("statsd", .product(name: "GnetCodecs", package: "Gnet")),
    // A program as its users write it: shown in Gnet's README, and without arguments of the other examples.
    .executableTarget(
      name: "service-group",
      dependencies: [
        .product(name: "Gnet", package: "Gnet"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ]
    ),
    .target(
      name: "ExampleSupport",
      dependencies: [
        .product(name: "Gnet", package: "Gnet"),
        .product(name: "GnetCodecs", package: "Gnet"),
        .product(name: "GnetMetrics", package: "GnetMetrics"),
        .product(name: "GnetTLS", package: "GnetTLS"),
        .product(name: "RingBuffer", package: "RingBuffer"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: swiftSettings
    ),
    .target(
      name: "RedisEngine",
      dependencies: [
        "CRedisEngine",
        .product(name: "Gnet", package: "Gnet"),
        .product(name: "RingBuffer", package: "RingBuffer"),
        .product(name: "DequeModule", package: "swift-collections"),
      ],
      swiftSettings: swiftSettings + [.enableExperimentalFeature("Lifetimes")]
    ),
    .target(name: "CRedisEngine"),
    // A server that ends in the way that it is told to, for the tests.
    .executableTarget(
      name: "EndingServer",
      dependencies: [
        "ExampleSupport",
        .product(name: "Gnet", package: "Gnet"),
        .product(name: "RingBuffer", package: "RingBuffer"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Tests/EndingServer",
      swiftSettings: swiftSettings
    ),
    // The programs of Gnet's guide to shutdowns.
    program("WaitingMain"),
    program("AsyncMain"),
    .testTarget(
      name: "ExamplesTests",
      dependencies: [
        "AsyncMain", "blocking", "chat", "echo", "EndingServer", "http", "memcached", "proxy", "push",
        "redis", "RedisEngine", "service-group", "statsd", "upgrade", "WaitingMain",
        .product(name: "RingBuffer", package: "RingBuffer"),
        .product(name: "TestSupport", package: "TestSupport"),
        .product(name: "TestPeers", package: "TestSupport"),
      ],
      swiftSettings: swiftSettings
    ),
  ],
  swiftLanguageModes: [.v6]
)
