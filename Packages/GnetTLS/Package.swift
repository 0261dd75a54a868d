// swift-tools-version: 6.2
import PackageDescription

#if os(macOS)
  // Homebrew's OpenSSL is not where the compiler looks.
  let openSSL = Target.systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.brew(["openssl@3"])])
#else
  // Found by the compiler. With the name of a module of pkg-config, SwiftPM would ask for libssl-dev also where a package of
  // the graph only names this one: for the users of GnetMetrics, who need no OpenSSL.
  let openSSL = Target.systemLibrary(name: "COpenSSL")
#endif

let package = Package(
  name: "GnetTLS",
  platforms: [.macOS("26.0")],
  products: [
    .library(name: "GnetTLS", targets: ["GnetTLS"])
  ],
  dependencies: [
    .package(path: "../Gnet"),
    .package(path: "../RingBuffer"),
    // For the tests alone: no program that depends on this package fetches it.
    .package(path: "../TestSupport"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
  ],
  targets: [
    openSSL,
    // The calls of OpenSSL under one contract.
    .target(
      name: "CGnetTLS", dependencies: ["COpenSSL"],
      linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
    .target(name: "GnetTLS", dependencies: ["COpenSSL", "CGnetTLS", "Gnet", "RingBuffer"]),
    // Certificates that tests make.
    .target(name: "CTestCertificates", dependencies: ["COpenSSL"], path: "Tests/CTestCertificates"),
    .testTarget(
      name: "GnetTLSTests",
      dependencies: [
        "GnetTLS", "CGnetTLS", "CTestCertificates", "Gnet", "RingBuffer", "TestSupport",
        .product(name: "GnetTesting", package: "Gnet"),
        .product(name: "SystemPackage", package: "swift-system"),
        .product(name: "TestPeers", package: "TestSupport"),
      ]
    ),
  ]
)

// Every target of Swift is compiled with these.
for target in package.targets where target.type != .system {
  target.swiftSettings =
    ["ExistentialAny", "MemberImportVisibility", "InternalImportsByDefault", "NonisolatedNonsendingByDefault"]
    .map { .enableUpcomingFeature($0) } + [.strictMemorySafety(), .enableExperimentalFeature("Lifetimes")]
}
