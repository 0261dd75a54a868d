// swift-tools-version: 6.2

import PackageDescription

let settings: [SwiftSetting] = [
  .strictMemorySafety(),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
  name: "Poller",
  platforms: [.macOS(.v15), .iOS(.v18), .tvOS(.v18), .watchOS(.v11), .visionOS(.v2)],
  products: [
    .library(name: "Poller", targets: ["Poller"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1")
  ],
  targets: [
    .target(
      name: "CPoller",
      cSettings: [.define("CPOLLER_FAULTS", .when(configuration: .debug))]
    ),
    .target(
      name: "Poller",
      dependencies: ["CPoller", .product(name: "SystemPackage", package: "swift-system")],
      swiftSettings: settings
    ),
    .testTarget(
      name: "PollerTests",
      dependencies: ["Poller", .product(name: "SystemPackage", package: "swift-system")],
      swiftSettings: settings
    ),
  ],
  swiftLanguageModes: [.v6]
)
