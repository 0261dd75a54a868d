// swift-tools-version: 6.2
import PackageDescription

// The same work through every kind of service: not part of the library, and not published.
let package = Package(
  name: "services",
  platforms: [.macOS("26.0")],
  dependencies: [
    .package(path: "../../../Packages/Gnet"),
    .package(path: "../../../Packages/GnetHTTP"),
  ],
  targets: [
    .executableTarget(
      name: "services",
      dependencies: [
        .product(name: "Gnet", package: "Gnet"),
        .product(name: "GnetHTTP", package: "GnetHTTP"),
      ]
    )
  ],
  swiftLanguageModes: [.v6]
)
