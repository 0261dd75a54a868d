// swift-tools-version: 6.2
import PackageDescription

let swiftSettings: [SwiftSetting] = [
  .strictMemorySafety(),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableExperimentalFeature("Lifetimes"),
]

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
    .systemLibrary(
      name: "COpenSSL",
      pkgConfig: "openssl",
      providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]
    ),
    // The calls of OpenSSL under one contract.
    .target(name: "CGnetTLS", dependencies: ["COpenSSL"]),
    .target(
      name: "GnetTLS",
      dependencies: [
        "COpenSSL",
        "CGnetTLS",
        .product(name: "Gnet", package: "Gnet"),
        .product(name: "RingBuffer", package: "RingBuffer"),
      ],
      swiftSettings: swiftSettings
    ),
    // Certificates that tests make.
    .target(name: "CTestCertificates", dependencies: ["COpenSSL"], path: "Tests/CTestCertificates"),
    .testTarget(
      name: "GnetTLSTests",
      dependencies: [
        "GnetTLS",
        "CGnetTLS",
        "CTestCertificates",
        .product(name: "Gnet", package: "Gnet"),
        .product(name: "RingBuffer", package: "RingBuffer"),
        .product(name: "SystemPackage", package: "swift-system"),
        .product(name: "TestSupport", package: "TestSupport"),
        .product(name: "TestPeers", package: "TestSupport"),
      ],
      swiftSettings: swiftSettings
    ),
  ],
  swiftLanguageModes: [.v6]
)
