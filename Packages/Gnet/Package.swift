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
  name: "Gnet",
  platforms: [.macOS("26.0")],
  products: [
    .library(name: "Gnet", targets: ["Gnet"]),
    .library(name: "GnetCodecs", targets: ["GnetCodecs"]),
    .library(name: "GnetTesting", targets: ["GnetTesting"]),
  ],
  dependencies: [
    .package(path: "../RingBuffer"),
    .package(path: "../Poller"),
    // For the tests alone: no program that depends on this package fetches it.
    .package(path: "../TestSupport"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
  ],
  targets: [
    .target(name: "CGnet"),
    .target(
      name: "GnetFraming",
      dependencies: [.product(name: "RingBuffer", package: "RingBuffer")],
      swiftSettings: swiftSettings
    ),
    .target(
      name: "Gnet",
      dependencies: [
        "CGnet",
        "GnetFraming",
        .product(name: "RingBuffer", package: "RingBuffer"),
        .product(name: "Disruptor", package: "RingBuffer"),
        .product(name: "Poller", package: "Poller"),
        .product(name: "SystemPackage", package: "swift-system"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: swiftSettings
    ),
    .target(
      name: "GnetCodecs",
      dependencies: ["GnetFraming", .product(name: "RingBuffer", package: "RingBuffer")],
      swiftSettings: swiftSettings
    ),
    .target(
      name: "GnetTesting",
      dependencies: [
        "CGnet",
        "Gnet",
        .product(name: "Poller", package: "Poller"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: swiftSettings
    ),
    // Programs for the simulation, which test the event loops: see ci/simulate.
    .target(name: "GnetWorkloads", dependencies: ["Gnet", "GnetTesting"], swiftSettings: swiftSettings),
    .executableTarget(
      name: "gnet-simulate", dependencies: ["GnetTesting", "GnetWorkloads"], swiftSettings: swiftSettings),
    .testTarget(
      name: "GnetTests",
      dependencies: [
        "Gnet",
        "GnetCodecs",
        "CGnet",
        .product(name: "RingBuffer", package: "RingBuffer"),
        .product(name: "Poller", package: "Poller"),
        .product(name: "SystemPackage", package: "swift-system"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "TestSupport", package: "TestSupport"),
        .product(name: "TestPeers", package: "TestSupport"),
      ],
      swiftSettings: swiftSettings
    ),
    .testTarget(
      name: "GnetTestingTests",
      dependencies: ["Gnet", "GnetTesting"],
      swiftSettings: swiftSettings
    ),
    .testTarget(
      name: "GnetCodecsTests",
      dependencies: [
        "GnetCodecs",
        .product(name: "RingBuffer", package: "RingBuffer"),
        .product(name: "TestSupport", package: "TestSupport"),
      ],
      swiftSettings: swiftSettings
    ),
  ],
  swiftLanguageModes: [.v6]
)
