// swift-tools-version: 6.2
import PackageDescription

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
    .target(name: "GnetFraming", dependencies: ["RingBuffer"]),
    .target(
      name: "Gnet",
      dependencies: [
        "CGnet", "GnetFraming", "RingBuffer", "Poller",
        .product(name: "Disruptor", package: "RingBuffer"),
        .product(name: "SystemPackage", package: "swift-system"),
        .product(name: "Logging", package: "swift-log"),
      ]
    ),
    .target(name: "GnetCodecs", dependencies: ["GnetFraming", "RingBuffer"]),
    .target(
      name: "GnetTesting",
      dependencies: [
        "CGnet", "Gnet", "Poller",
        .product(name: "SystemPackage", package: "swift-system"),
      ]
    ),
    // Programs for the simulation, which test the event loops: see ci/simulate.
    .target(name: "GnetWorkloads", dependencies: ["Gnet", "GnetTesting", "Poller"]),
    .executableTarget(name: "gnet-simulate", dependencies: ["GnetTesting", "GnetWorkloads"]),
    .testTarget(
      name: "GnetTests",
      dependencies: [
        "Gnet", "GnetCodecs", "GnetWorkloads", "CGnet", "RingBuffer", "Poller", "TestSupport",
        .product(name: "SystemPackage", package: "swift-system"),
        .product(name: "InMemoryLogging", package: "swift-log"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "TestPeers", package: "TestSupport"),
      ]
    ),
    .testTarget(
      name: "GnetTestingTests", dependencies: ["Gnet", "GnetTesting", "GnetWorkloads", "Poller", "TestSupport"]),
    .testTarget(name: "GnetCodecsTests", dependencies: ["GnetCodecs", "RingBuffer", "TestSupport"]),
  ]
)

// Every target of Swift is compiled with these.
for target in package.targets where target.type != .system {
  target.swiftSettings =
    ["ExistentialAny", "MemberImportVisibility", "InternalImportsByDefault", "NonisolatedNonsendingByDefault"]
    .map { .enableUpcomingFeature($0) } + [.strictMemorySafety(), .enableExperimentalFeature("Lifetimes")]
}
