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
    .executable(name: "echo", targets: ["echo"])
  ],
  dependencies: [
    .package(path: "../Gnet"),
    .package(path: "../GnetMetrics"),
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
      dependencies: ["echo"],
      swiftSettings: swiftSettings
    ),
  ],
  swiftLanguageModes: [.v6]
)
