// swift-tools-version: 6.2
import PackageDescription

// The timers of a loop, measured beside SwiftNIO's and a binary heap: not part of the library, and not published.
let package = Package(
  name: "timers",
  platforms: [.macOS("26.0")],
  dependencies: [
    .package(path: "../../../Packages/Poller"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
  ],
  targets: [
    // Sources/timers/Gnet: links to the two files of Gnet that are measured, which no module exports.
    .executableTarget(
      name: "timers",
      dependencies: [
        .product(name: "Poller", package: "Poller"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: [.enableUpcomingFeature("InternalImportsByDefault")]
    )
  ],
  swiftLanguageModes: [.v6]
)
