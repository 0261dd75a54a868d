// swift-tools-version: 6.2
import PackageDescription

// The fuzz targets of all packages: see ci/fuzz. A package of its own, so that nobody who uses a package fetches or builds
// them. They reach internal parsers by `@testable import`.
let swiftSettings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableExperimentalFeature("Lifetimes"),
]

let package = Package(
  name: "fuzz",
  platforms: [.macOS("26.0")],
  products: [
    .executable(name: "fuzz", targets: ["fuzz"]),
    .executable(name: "fuzz-replay", targets: ["fuzz-replay"]),
  ],
  dependencies: [
    .package(path: "../../Packages/RingBuffer"),
    .package(path: "../../Packages/Gnet"),
    .package(path: "../../Packages/GnetHTTP"),
    .package(path: "../../Packages/GnetTLS"),
    .package(path: "../../Packages/GnetMetrics"),
    .package(path: "../../Packages/GnetExamples"),
  ],
  targets: [
    // The C interfaces that no package offers: of libFuzzer, and of OpenSSL's queue of errors.
    .systemLibrary(name: "CFuzz"),
    .target(
      name: "FuzzTargets",
      dependencies: [
        "CFuzz",
        .product(name: "RingBuffer", package: "RingBuffer"),
        .product(name: "Gnet", package: "Gnet"),
        .product(name: "GnetCodecs", package: "Gnet"),
        .product(name: "GnetHTTP", package: "GnetHTTP"),
        .product(name: "GnetTLS", package: "GnetTLS"),
        .product(name: "GnetMetrics", package: "GnetMetrics"),
        .product(name: "MetricsClient", package: "GnetMetrics"),
        .product(name: "RedisEngine", package: "GnetExamples"),
      ],
      swiftSettings: swiftSettings
    ),
    // Links with `-sanitize=fuzzer` only.
    .executableTarget(name: "fuzz", dependencies: ["CFuzz", "FuzzTargets"], swiftSettings: swiftSettings),
    .executableTarget(name: "fuzz-replay", dependencies: ["FuzzTargets"], swiftSettings: swiftSettings),
  ],
  swiftLanguageModes: [.v6]
)
