// swift-tools-version: 6.2
import PackageDescription

// Writing to connections from another thread, measured beside a mailbox that is an array behind a lock: not part of the
// library, and not published.
let package = Package(
  name: "handles",
  platforms: [.macOS("26.0")],
  dependencies: [
    .package(path: "../../../Packages/Gnet"),
    .package(path: "../../../Packages/Poller"),
    .package(path: "../../../Packages/RingBuffer"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.7.0"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
  ],
  targets: [
    .executableTarget(
      name: "handles",
      dependencies: [
        .product(name: "Gnet", package: "Gnet"),
        .product(name: "Poller", package: "Poller"),
        .product(name: "RingBuffer", package: "RingBuffer"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "SystemPackage", package: "swift-system"),
      ]
    )
  ],
  swiftLanguageModes: [.v6]
)
