// swift-tools-version: 6.2

import PackageDescription

// `POLLER_BACKEND=kqueue` builds the kqueue backend on Linux, over the libkqueue that `pkg-config` finds. It holds the two
// backends to one behaviour on one machine, and is not meant for use.
let usesLibkqueue = Context.environment["POLLER_BACKEND"] == "kqueue"

let package = Package(
  name: "Poller",
  platforms: [.macOS(.v15), .iOS(.v18), .tvOS(.v18), .watchOS(.v11), .visionOS(.v2)],
  products: [
    .library(name: "Poller", targets: ["Poller"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    // For the tests alone: no program that depends on this package fetches it.
    .package(path: "../TestSupport"),
  ],
  targets: [
    .target(name: "CPoller", dependencies: usesLibkqueue ? ["CLibkqueue"] : []),
    .target(name: "Poller", dependencies: ["CPoller", .product(name: "SystemPackage", package: "swift-system")]),
    .testTarget(
      name: "PollerTests",
      dependencies: [
        "Poller", "CPoller", "TestSupport",
        .product(name: "SystemPackage", package: "swift-system"),
      ]
    ),
  ]
)

// Every target of Swift is compiled with these.
for target in package.targets {
  target.swiftSettings =
    ["ExistentialAny", "MemberImportVisibility", "InternalImportsByDefault", "NonisolatedNonsendingByDefault"]
    .map { .enableUpcomingFeature($0) } + [.strictMemorySafety()]
  if usesLibkqueue { target.swiftSettings?.append(.define("POLLER_KQUEUE")) }
}

if usesLibkqueue {
  package.targets.append(
    .systemLibrary(name: "CLibkqueue", pkgConfig: "libkqueue", providers: [.apt(["libkqueue-dev"])]))
}
