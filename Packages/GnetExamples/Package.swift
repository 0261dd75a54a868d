// swift-tools-version: 6.2
import PackageDescription

let swiftSettings: [SwiftSetting] = [
  .strictMemorySafety(),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
  name: "GnetExamples",
  platforms: [.macOS("26.0")],
  products: [
    .executable(name: "echo", targets: ["echo"]),
    .executable(name: "http", targets: ["http"]),
    .executable(name: "redis", targets: ["redis"]),
    .executable(name: "chat", targets: ["chat"]),
    .executable(name: "push", targets: ["push"]),
    .executable(name: "blocking", targets: ["blocking"]),
    .executable(name: "upgrade", targets: ["upgrade"]),
  ],
  dependencies: [
    .package(path: "../Gnet"),
    .package(path: "../GnetMetrics"),
    .package(path: "../RingBuffer"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
  ],
  targets: [
    .executableTarget(
      name: "blocking",
      dependencies: [
        "ExampleSupport",
        .product(name: "Gnet", package: "Gnet"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: swiftSettings
    ),
    .executableTarget(
      name: "chat",
      dependencies: [
        "ExampleSupport",
        .product(name: "Gnet", package: "Gnet"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: swiftSettings
    ),
    .executableTarget(
      name: "push",
      dependencies: [
        "ExampleSupport",
        .product(name: "Gnet", package: "Gnet"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: swiftSettings
    ),
    .executableTarget(
      name: "upgrade",
      dependencies: [
        "ExampleSupport",
        .product(name: "Gnet", package: "Gnet"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: swiftSettings
    ),
    .executableTarget(
      name: "echo",
      dependencies: [
        "ExampleSupport",
        .product(name: "Gnet", package: "Gnet"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: swiftSettings
    ),
    .executableTarget(
      name: "http",
      dependencies: [
        "ExampleSupport",
        "HTTPSupport",
        .product(name: "Gnet", package: "Gnet"),
        .product(name: "RingBuffer", package: "RingBuffer"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: swiftSettings
    ),
    .target(
      name: "HTTPSupport",
      dependencies: [.product(name: "RingBuffer", package: "RingBuffer")],
      swiftSettings: swiftSettings
    ),
    .target(
      name: "ExampleSupport",
      dependencies: [
        .product(name: "Gnet", package: "Gnet"),
        .product(name: "GnetCodecs", package: "Gnet"),
        .product(name: "GnetMetrics", package: "GnetMetrics"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: swiftSettings
    ),
    .executableTarget(
      name: "redis",
      dependencies: [
        "ExampleSupport", "RedisEngine",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
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
    .testTarget(
      name: "ExamplesTests",
      dependencies: [
        "blocking", "chat", "echo", "http", "HTTPSupport", "push", "redis", "RedisEngine", "upgrade",
        .product(name: "RingBuffer", package: "RingBuffer"),
      ],
      swiftSettings: swiftSettings
    ),
  ],
  swiftLanguageModes: [.v6]
)
