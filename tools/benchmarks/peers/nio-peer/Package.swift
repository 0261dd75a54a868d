// swift-tools-version: 6.2
import PackageDescription

// SwiftNIO's side of the comparison: not part of the library, and not published.
let package = Package(
  name: "nio-peer",
  platforms: [.macOS("26.0")],
  dependencies: [
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2")
  ],
  targets: [
    .executableTarget(
      name: "nio-peer",
      dependencies: [
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOWebSocket", package: "swift-nio"),
      ]
    )
  ],
  swiftLanguageModes: [.v6]
)
