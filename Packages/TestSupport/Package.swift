// swift-tools-version: 6.2
import PackageDescription

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
    .target(name: "TestSupport"),
    .target(name: "CTestSupport"),
    .target(
      name: "TestPeers",
      dependencies: ["TestSupport", "CTestSupport", .product(name: "SystemPackage", package: "swift-system")]
    ),
    .testTarget(name: "TestSupportTests", dependencies: ["TestSupport"]),
    .testTarget(
      name: "TestPeersTests",
      dependencies: ["TestPeers", "TestSupport", .product(name: "SystemPackage", package: "swift-system")]
    ),
  ]
)

// Every target of Swift is compiled with these.
for target in package.targets where target.type != .system {
  target.swiftSettings =
    ["ExistentialAny", "MemberImportVisibility", "InternalImportsByDefault", "NonisolatedNonsendingByDefault"]
    .map { .enableUpcomingFeature($0) } + [.strictMemorySafety()]
}
