// swift-tools-version: 6.2
import PackageDescription

/// An example: a program in a folder of its own.
func example(_ name: String, _ others: Target.Dependency...) -> Target {
  .executableTarget(
    name: name,
    dependencies: [
      "ExampleSupport", "Gnet", "RingBuffer",
      .product(name: "ArgumentParser", package: "swift-argument-parser"),
    ] + others
  )
}

/// A program as the users of Gnet write it, for the tests of the documentation.
func program(_ name: String) -> Target {
  .executableTarget(name: name, dependencies: ["Gnet", "GuideService"], path: "Tests/\(name)", swiftSettings: [])
}

let package = Package(
  name: "GnetExamples",
  platforms: [.macOS("26.0")],
  products: [
    // For tools/fuzz. The examples are products without being named.
    .library(name: "RedisEngine", targets: ["RedisEngine"])
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
    example("http", "GnetHTTP"),
    example("redis", "RedisEngine"),
    example("chat"),
    example("proxy", "GnetTLS"),
    example("push"),
    example("blocking"),
    example("upgrade"),
    example("memcached"),
    example("statsd", .product(name: "GnetCodecs", package: "Gnet")),
    // A program as its users write it: shown in Gnet's README, and without arguments of the other examples.
    .executableTarget(
      name: "service-group",
      dependencies: [
        "Gnet",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      swiftSettings: []
    ),
    .target(
      name: "ExampleSupport",
      dependencies: [
        "Gnet", "GnetMetrics", "GnetTLS", "RingBuffer",
        .product(name: "GnetCodecs", package: "Gnet"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ]
    ),
    .target(
      name: "RedisEngine",
      dependencies: [
        "CRedisEngine", "Gnet", "RingBuffer",
        .product(name: "DequeModule", package: "swift-collections"),
      ]
    ),
    .target(name: "CRedisEngine"),
    // A server that ends in the way that it is told to, for the tests.
    .executableTarget(
      name: "EndingServer",
      dependencies: [
        "ExampleSupport", "Gnet", "RingBuffer",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Tests/EndingServer"
    ),
    // The programs of Gnet's guide to shutdowns.
    program("WaitingMain"),
    program("AsyncMain"),
    .target(name: "GuideService", dependencies: ["Gnet"], path: "Tests/GuideService"),
    .testTarget(
      name: "ExamplesTests",
      dependencies: [
        "AsyncMain", "blocking", "chat", "echo", "EndingServer", "http", "memcached", "proxy", "push", "redis",
        "RedisEngine", "service-group", "statsd", "upgrade", "WaitingMain", "Gnet", "RingBuffer", "TestSupport",
        .product(name: "GnetHTTP", package: "GnetHTTP"),
        .product(name: "GnetTesting", package: "Gnet"),
        .product(name: "InMemoryLogging", package: "swift-log"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "TestPeers", package: "TestSupport"),
      ]
    ),
  ]
)

// Every target of Swift is compiled with these, but for the programs of users.
for target in package.targets where target.swiftSettings == nil {
  target.swiftSettings =
    ["ExistentialAny", "MemberImportVisibility", "InternalImportsByDefault", "NonisolatedNonsendingByDefault"]
    .map { .enableUpcomingFeature($0) } + [.strictMemorySafety(), .enableExperimentalFeature("Lifetimes")]
}
