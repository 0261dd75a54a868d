// swift-tools-version: 6.2
import PackageDescription

// SwiftNIO's side of the comparison over TLS: not part of the library, and not published. Apart from nio-peer, because
// building BoringSSL takes long.
let package = Package(
  name: "nio-tls-peer",
  platforms: [.macOS("26.0")],
  dependencies: [
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
  ],
  targets: [
    // EchoHandlers.swift is a link to the file of nio-peer.
    .executableTarget(
      name: "nio-tls-peer",
      dependencies: [
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ]
    )
  ],
  swiftLanguageModes: [.v6]
)
