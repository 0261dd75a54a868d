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
  ],
  dependencies: [
    .package(path: "../Gnet"),
    .package(path: "../GnetMetrics"),
    .package(path: "../RingBuffer"),
    // For the tests alone.
    .package(path: "../TestSupport"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
  ],
  targets: [
    example("echo"),
    example("http", "HTTPSupport"),
    example("redis", "RedisEngine"),
    example("chat"),
    example("proxy"),
    example("push"),
    example("blocking"),
    example("upgrade"),
    example("memcached"),
    example("statsd", .product(name: "GnetCodecs", package: "Gnet")),
    .target(
      name: "HTTPSupport",
      dependencies: [.product(name: "RingBuffer", package: "RingBuffer")],
      swiftSettings: swiftSettings + [.enableExperimentalFeature("Lifetimes")]
    ),
    .target(
      name: "ExampleSupport",
      dependencies: [
        .product(name: "Gnet", package: "Gnet"),
        .product(name: "GnetCodecs", package: "Gnet"),
        .product(name: "GnetMetrics", package: "GnetMetrics"),
        .product(name: "RingBuffer", package: "RingBuffer"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: swiftSettings
    ),
    .target(
      name: "RedisEngine",
      dependencies: [
        .product(name: "Gnet", package: "Gnet"),
        .product(name: "RingBuffer", package: "RingBuffer"),
        .product(name: "DequeModule", package: "swift-collections"),
      ],
      swiftSettings: swiftSettings + [.enableExperimentalFeature("Lifetimes")]
    ),
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
    .testTarget(
      name: "ExamplesTests",
      dependencies: [
        "blocking", "chat", "echo", "EndingServer", "http", "HTTPSupport", "memcached", "proxy", "push", "redis",
        "RedisEngine", "statsd", "upgrade",
        .product(name: "RingBuffer", package: "RingBuffer"),
        .product(name: "TestSupport", package: "TestSupport"),
        .product(name: "TestPeers", package: "TestSupport"),
      ],
      swiftSettings: swiftSettings
    ),
  ],
  swiftLanguageModes: [.v6]
)
