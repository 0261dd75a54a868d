// swift-tools-version: 6.2
import PackageDescription

// The load generator of tools/bench. It stands apart from the packages it measures: it shares no code with them.
let package = Package(
  name: "gnet-load",
  dependencies: [
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
  ],
  targets: [
    .systemLibrary(
      name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),
    .target(name: "CLoad", dependencies: ["COpenSSL"]),
    .target(
      name: "LoadGenerator", dependencies: ["CLoad", .product(name: "Histogram", package: "hdrhistogram-swift")]),
    .executableTarget(
      name: "gnet-load",
      dependencies: ["LoadGenerator", .product(name: "ArgumentParser", package: "swift-argument-parser")]
    ),
    .testTarget(name: "LoadGeneratorTests", dependencies: ["LoadGenerator", "COpenSSL", "gnet-load"]),
  ]
)

// Every target of Swift is compiled with these.
for target in package.targets where target.type != .system {
  target.swiftSettings =
    ["ExistentialAny", "MemberImportVisibility", "InternalImportsByDefault", "NonisolatedNonsendingByDefault"]
    .map { .enableUpcomingFeature($0) }
}
