// swift-tools-version: 6.2
import PackageDescription

// Programs on Gnet that are measured: not part of the library, and not published.
let package = Package(
  name: "gnet-programs",
  platforms: [.macOS("26.0")],
  dependencies: [
    .package(path: "../../../Packages/Gnet"),
    .package(path: "../../../Packages/GnetHTTP"),
    .package(path: "../../../Packages/Poller"),
    .package(path: "../../../Packages/RingBuffer"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
  ],
  targets: [
    // Writing to connections from another thread, beside a mailbox that is an array behind a lock.
    .executableTarget(
      name: "handles",
      dependencies: [
        "Gnet", "Poller", "RingBuffer",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "SystemPackage", package: "swift-system"),
      ]
    ),
    // The same work through every kind of service.
    .executableTarget(name: "services", dependencies: ["Gnet", "GnetHTTP"]),
  ]
)
