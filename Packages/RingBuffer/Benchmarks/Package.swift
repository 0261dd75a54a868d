// swift-tools-version: 6.2
import PackageDescription

/// Benchmarks of a product of RingBuffer, and of what it is compared with.
func benchmarks(of product: String, beside others: Target.Dependency...) -> Target {
  .executableTarget(
    name: "\(product)Benchmarks",
    dependencies: [
      .product(name: "Benchmark", package: "benchmark"),
      .product(name: product, package: "RingBuffer"),
    ] + others,
    path: "Benchmarks/\(product)Benchmarks",
    plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]
  )
}

// A package of its own, so that what is compared with leaves no trace in the graph of RingBuffer:
//
//     swift package --package-path Packages/RingBuffer/Benchmarks benchmark
let package = Package(
  name: "RingBufferBenchmarks",
  platforms: [.macOS("26.0")],
  dependencies: [
    .package(name: "RingBuffer", path: ".."),
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
  ],
  targets: [
    benchmarks(
      of: "RingBuffer", beside: .product(name: "NIOCore", package: "swift-nio"),
      .product(name: "DequeModule", package: "swift-collections")),
    benchmarks(
      of: "Disruptor", beside: .product(name: "NIOCore", package: "swift-nio"),
      .product(name: "NIOConcurrencyHelpers", package: "swift-nio")),
  ]
)
