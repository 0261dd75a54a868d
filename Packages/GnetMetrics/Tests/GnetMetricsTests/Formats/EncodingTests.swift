import Gnet
import Testing

@testable import GnetMetrics

@Suite struct EncodingTests {
  /// A snapshot in which every field has a value of its own.
  static var sample: MetricsSnapshot {
    var snapshot = MetricsSnapshot()
    snapshot.processID = 4711
    snapshot.hostName = "höst"
    snapshot.serverStartTime = 1_795_492_629_837_310_996
    snapshot.snapshotTime = .max
    snapshot.sequenceNumber = 3
    snapshot.packageVersion = "1.2.3"
    snapshot.backend = "epoll"
    snapshot.state = .draining
    snapshot.addresses = ["127.0.0.1:9000", "[::1]:9000", "unix:/run/x"]
    snapshot.loops = (0..<3).map { index in
      var loop = MetricsSnapshot.LoopCounters(index: index)
      for (place, field) in CounterField.all.enumerated() {
        loop[keyPath: field.path] = UInt64(index * 100 + place)
      }
      loop.publishedTime = UInt64(index) * 1000 + 99
      loop.writeSizes = MetricsSnapshot.Histogram(upperBounds: [1, 10], counts: [5, 0, UInt64(index)], sum: 77)
      loop.tickLateness = MetricsSnapshot.Histogram(upperBounds: [], counts: [], sum: 0)
      loop.namedCounts = [
        LoopCounter("logins", help: "Logins", labels: ["outcome": "refused", "by": "ünknown\n"]): UInt64(index),
        LoopCounter("pings", help: ""): .max,
      ]
      return loop
    }
    return snapshot
  }

  @Test("a snapshot comes out of its encoding as it went in")
  func roundTrip() throws {
    #expect(try MetricsSnapshot(decoding: Self.sample.encoded()) == Self.sample)
    #expect(try MetricsSnapshot(decoding: MetricsSnapshot().encoded()) == MetricsSnapshot())
  }

  @Test("a snapshot of a server that knows fewer counters is read, and the others are zero")
  func olderServer() throws {
    // A version, and a loop with its index and its accepts (field 10).
    let snapshot = try MetricsSnapshot(decoding: [0x08, 1, 0x52, 4, 0x08, 0, 0x50, 7])
    var loop = MetricsSnapshot.LoopCounters(index: 0)
    loop.statistics.accepts = 7
    #expect(snapshot.loops == [loop])
  }

  @Test("counts have the same order each time, and a count whose name is none is refused")
  func namedCounts() throws {
    let names = (0..<30).map { LoopCounter("n\($0 % 3)", help: "", labels: ["x": "\($0)", "y": "\($0 % 7)"]) }
    var loop = MetricsSnapshot.LoopCounters(index: 0)
    for name in names { loop.namedCounts[name] = 1 }
    var other = MetricsSnapshot.LoopCounters(index: 0)
    for name in names.reversed() { other.namedCounts[name] = 1 }
    let sorted = loop.sortedCounts.map(\.counter)
    #expect(sorted == other.sortedCounts.map(\.counter) && Set(sorted) == Set(names))
    #expect(zip(sorted, sorted.dropFirst()).allSatisfy { $0.isOrdered(before: $1) && !$1.isOrdered(before: $0) })
    // A version, and a loop with its index and a count (field 35) of that name.
    func snapshot(_ name: String) throws -> MetricsSnapshot {
      let count = [0x0a, UInt8(name.utf8.count)] + Array(name.utf8)
      let loop = [0x08, 0, 0x9a, 0x02, UInt8(count.count)] + count
      return try MetricsSnapshot(decoding: [0x08, 1, 0x52, UInt8(loop.count)] + loop)
    }
    #expect(throws: MetricsSnapshotError.malformed) { try snapshot("a-b") }
    let read = try snapshot("ab")
    #expect(read.loops[0].namedCounts == [LoopCounter("ab", help: ""): 0])
  }

  @Test("a snapshot that was cut off anywhere is refused or has lost whole fields, and nothing traps")
  func truncation() {
    let bytes = Self.sample.encoded()
    for count in bytes.indices {
      let snapshot = try? MetricsSnapshot(decoding: Array(bytes.prefix(count)))
      #expect(snapshot != Self.sample)
    }
    #expect(throws: MetricsSnapshotError.malformed) { try MetricsSnapshot(decoding: []) }
  }

  @Test(
    "what is no snapshot is refused",
    arguments: ["", "\n", "HTTP/1.1 400 Bad Request\r\n\r\n", "{\"loops\":[]}", "\u{8}"])
  func garbage(text: String) {
    #expect(throws: MetricsSnapshotError.malformed) { try MetricsSnapshot(decoding: Array(text.utf8)) }
  }

  @Test("random bytes and random changes to a snapshot never trap")
  func noise() {
    var generator = SystemRandomNumberGenerator()
    let good = Self.sample.encoded()
    for _ in 0..<20_000 {
      let noise = (0..<Int.random(in: 0..<64)).map { _ in UInt8.random(in: 0 ... .max, using: &generator) }
      _ = try? MetricsSnapshot(decoding: noise)
      var changed = good
      for _ in 0..<Int.random(in: 1...4) { changed[Int.random(in: changed.indices)] = UInt8.random(in: 0 ... .max) }
      _ = try? MetricsSnapshot(decoding: changed)
    }
  }

  @Test("a snapshot that would take far more memory than its bytes is refused", arguments: [0x52, 0x78] as [UInt8])
  func oversized(tag: UInt8) {
    // Empty loops, or fields that are not known here.
    var bytes: [UInt8] = [0x08, 1]
    for _ in 0..<100_000 { bytes += [tag, 0] }
    #expect(throws: MetricsSnapshotError.oversized) { try MetricsSnapshot(decoding: bytes) }
  }

  @Test("a snapshot of thousands of idle loops is read")
  func manyLoops() throws {
    var snapshot = MetricsSnapshot()
    snapshot.loops = (0..<5000).map { MetricsSnapshot.LoopCounters(index: $0) }
    #expect(try MetricsSnapshot(decoding: snapshot.encoded()) == snapshot)
  }

  @Test("a snapshot is read, or refused in order, however little memory there is for it")
  func memoryLimits() throws {
    // Behind the sample a loop whose histogram (field 19) is told in two parts, which are merged.
    let loop: [UInt8] = [0x08, 9, 0x9a, 0x01, 3, 0x0a, 1, 7, 0x9a, 0x01, 4, 0x12, 2, 1, 2]
    let bytes = Self.sample.encoded() + [0x52, UInt8(loop.count)] + loop
    var limit = 0
    while true {
      do {
        let snapshot = try MetricsSnapshot(decoding: bytes, memoryLimit: limit)
        let histogram = MetricsSnapshot.Histogram(upperBounds: [7], counts: [1, 2], sum: 0)
        #expect(snapshot.loops.map(\.writeSizes) == Self.sample.loops.map(\.writeSizes) + [histogram])
        break
      } catch {
        try #require(error == .oversized && limit < 65536)
      }
      limit += 1
    }
    #expect(limit > bytes.count)
  }

  @Test("a snapshot of a later schema is refused by its number")
  func laterSchema() {
    var later = MetricsSnapshot()
    later.schemaVersion = 2
    #expect(throws: MetricsSnapshotError.unknownSchemaVersion(2)) { try MetricsSnapshot(decoding: later.encoded()) }
    #expect(
      "\(MetricsSnapshotError.unknownSchemaVersion(2))"
        == "its snapshot has schema version 2, and only 1 is known here")
  }

  @Test(
    "a histogram whose buckets do not fit its bounds is refused",
    arguments: [[1, 1], [2, 1], [1, 2]] as [[UInt64]])
  func brokenHistogram(bounds: [UInt64]) {
    var snapshot = MetricsSnapshot()
    var loop = MetricsSnapshot.LoopCounters(index: 0)
    loop.writeSizes = MetricsSnapshot.Histogram(upperBounds: bounds, counts: [1, 2], sum: 3)
    snapshot.loops = [loop]
    #expect(throws: MetricsSnapshotError.malformed) { try MetricsSnapshot(decoding: snapshot.encoded()) }
  }
}
