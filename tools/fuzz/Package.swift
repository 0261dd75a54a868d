// swift-tools-version: 6.2
import PackageDescription

// The fuzz targets of all packages: see ci/fuzz. A package of its own, so that nobody who uses a package fetches or builds
// them. They reach internal parsers by `@testable import`.
let package = Package(
  name: "fuzz",
  platforms: [.macOS("26.0")],
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
        "CFuzz", "RingBuffer", "Gnet", "GnetHTTP", "GnetTLS", "GnetMetrics",
        .product(name: "GnetCodecs", package: "Gnet"),
        .product(name: "MetricsClient", package: "GnetMetrics"),
        .product(name: "RedisEngine", package: "GnetExamples"),
      ]
    ),
    // Links with `-sanitize=fuzzer` only.
    .executableTarget(name: "fuzz", dependencies: ["CFuzz", "FuzzTargets"]),
    .executableTarget(name: "fuzz-replay", dependencies: ["FuzzTargets"]),
  ]
)

// Every target of Swift is compiled with these.
for target in package.targets where target.type != .system {
  target.swiftSettings =
    ["ExistentialAny", "MemberImportVisibility", "InternalImportsByDefault", "NonisolatedNonsendingByDefault"]
    .map { .enableUpcomingFeature($0) } + [.enableExperimentalFeature("Lifetimes")]
}
