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
  ],
  dependencies: [
    .package(path: "../Gnet"),
    .package(path: "../GnetMetrics"),
    .package(path: "../RingBuffer"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
  ],
  targets: [
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
        .product(name: "GnetMetrics", package: "GnetMetrics"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: swiftSettings
    ),
    .testTarget(
      name: "ExamplesTests",
      dependencies: ["echo", "http", "HTTPSupport", .product(name: "RingBuffer", package: "RingBuffer")],
      swiftSettings: swiftSettings
    ),
  ],
  swiftLanguageModes: [.v6]
)
