// swift-tools-version: 6.2
import PackageDescription

/// Modules of SwiftNIO.
func nio(_ names: String...) -> [Target.Dependency] { names.map { .product(name: $0, package: "swift-nio") } }

// SwiftNIO's side of the comparisons: not part of the library, and not published.
let package = Package(
  name: "nio-programs",
  platforms: [.macOS("26.0")],
  dependencies: [
    .package(path: "../../../Packages/Poller"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
  ],
  targets: [
    .executableTarget(name: "nio-peer", dependencies: nio("NIOCore", "NIOPosix", "NIOHTTP1", "NIOWebSocket")),
    // Apart from nio-peer, because building BoringSSL takes long. EchoHandlers.swift is a link to the file of nio-peer.
    .executableTarget(
      name: "nio-tls-peer",
      dependencies: nio("NIOCore", "NIOPosix") + [.product(name: "NIOSSL", package: "swift-nio-ssl")]
    ),
    // The timers of a loop, beside SwiftNIO's and a binary heap. Sources/timers/Gnet: links to the two files of Gnet that are
    // measured, which no module exports.
    .executableTarget(
      name: "timers",
      dependencies: ["Poller"] + nio("NIOCore", "NIOPosix"),
      swiftSettings: [.enableUpcomingFeature("InternalImportsByDefault")]
    ),
  ]
)
