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
  name: "TestSupport",
  platforms: [.macOS(.v15), .iOS(.v18), .tvOS(.v18), .watchOS(.v11), .visionOS(.v2)],
  products: [
    .library(name: "TestSupport", targets: ["TestSupport"]),
    .library(name: "TestPeers", targets: ["TestPeers"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1")
  ],
  targets: [
    .target(name: "TestSupport", swiftSettings: swiftSettings),
    .target(name: "CTestSupport"),
    .target(
      name: "TestPeers",
      dependencies: ["TestSupport", "CTestSupport", .product(name: "SystemPackage", package: "swift-system")],
      swiftSettings: swiftSettings
    ),
    .testTarget(name: "TestSupportTests", dependencies: ["TestSupport"], swiftSettings: swiftSettings),
    .testTarget(
      name: "TestPeersTests",
      dependencies: ["TestPeers", "TestSupport", .product(name: "SystemPackage", package: "swift-system")],
      swiftSettings: swiftSettings
    ),
  ],
  swiftLanguageModes: [.v6]
)
