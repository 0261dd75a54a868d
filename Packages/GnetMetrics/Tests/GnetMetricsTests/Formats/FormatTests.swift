import Foundation
import Gnet
import GnetMetrics
import Testing

@testable import MetricsClient

@Suite struct FormatTests {
  /// Two loops with a few numbers that are easy to recognise.
  static var snapshot: MetricsSnapshot {
    var snapshot = MetricsSnapshot()
    snapshot.processID = 4711
    snapshot.hostName = "host"
    snapshot.packageVersion = "1.2.3"
    snapshot.backend = "epoll"
    snapshot.state = .serving
    snapshot.addresses = ["127.0.0.1:9000"]
    snapshot.serverStartTime = 1_000_000_000_500_000_000
    snapshot.snapshotTime = 1_000_000_060_500_000_000
    snapshot.sequenceNumber = 9
    for index in 0..<2 {
      var loop = MetricsSnapshot.LoopCounters(index: index)
      loop.statistics.bytesRead = UInt64(1 << 20 * index) + 5
      loop.statistics.connectionsActive = 3
      loop.statistics.mailboxDepthMax = UInt64(index + 1)
      loop.statistics.busyNanoseconds = 1_500_000_000
      loop.publishedTime = snapshot.snapshotTime - 2_000_000
      loop.writeSizes = MetricsSnapshot.Histogram(upperBounds: [16, 64], counts: [1, 2, 4], sum: 5000)
      loop.tickLateness = MetricsSnapshot.Histogram(upperBounds: [50_000], counts: [9, 1], sum: 123_456)
      let labels = ["outcome": "refused", "loop": "a\"b"]
      loop.namedCounts[LoopCounter("logins", help: "Logins\nby outcome", labels: labels)] = UInt64(7 * index)
      loop.namedCounts[LoopCounter("reads", help: "Pages read")] = 3
      snapshot.loops.append(loop)
    }
    return snapshot
  }

  static func reading(_ path: String, _ snapshot: MetricsSnapshot = snapshot) -> Reading {
    Reading(path: path, result: .success(Reading.Received(snapshot: snapshot, bytes: [])))
  }

  @Test("JSON has every field of the schema under its own name")
  func schemaNames() throws {
    let line = JSONFormat.line(Self.snapshot, path: "/tmp/x")
    let object = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    let loop = try #require((object["loops"] as? [[String: Any]])?[1])
    let histogram = try #require(loop["write_size_histogram"] as? [String: Any])
    let schema = try Schema()
    #expect(Set(object.keys) == Set(schema.fields(of: "Snapshot") + ["server"]))
    #expect(Set(loop.keys) == Set(schema.fields(of: "LoopCounters")))
    #expect(Set(histogram.keys) == Set(schema.fields(of: "Histogram")))
    let count = try #require((loop["named_counts"] as? [[String: Any]])?.first)
    #expect(Set(count.keys) == Set(schema.fields(of: "NamedCount")))
    #expect(count["name"] as? String == "logins" && count["value"] as? Int == 7)
    #expect(count["labels"] as? [String: String] == ["loop": "a\"b", "outcome": "refused"])
    #expect(object["server"] as? String == "/tmp/x")
    #expect(object["state"] as? String == "serving")
    #expect(loop["loop_index"] as? Int == 1)
    #expect(loop["bytes_read"] as? Int == 1_048_581)
    #expect(histogram["counts"] as? [Int] == [1, 2, 4])
  }

  @Test("JSON and the exposition escape what must be", arguments: ["a\"b\\c\nd\te\u{1}", "\u{7F}ü€😀", ""])
  func escapes(path: String) throws {
    let line = JSONFormat.line(Self.snapshot, path: path)
    #expect(!line.contains("\n"))
    let object = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    #expect(object["server"] as? String == path)
    let up = PrometheusFormat.text([Self.reading(path)]).split(separator: "\n").first { $0.hasPrefix("gnet_up{") }
    let escaped = path.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    #expect(up.map(String.init) == "gnet_up{server=\"\(escaped)\"} 1")
  }

  @Test("the exposition has a HELP and a TYPE for each family, before its samples, and no family twice")
  func exposition() {
    let failed = Reading(path: "/b", result: .failure(.silent))
    let text = PrometheusFormat.text([Self.reading("/a"), failed])
    var family = ""
    var seen: Set<String> = []
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      if line.hasPrefix("# HELP") {
        family = String(words[2])
        #expect(seen.insert(family).inserted)
        #expect(line.hasSuffix("."))
      } else if line.hasPrefix("# TYPE") {
        #expect(String(words[2]) == family)
        #expect((words[3] == "counter") == family.hasSuffix("_total"))
      } else {
        #expect(line.hasPrefix(family))
      }
    }
    for sample in [
      "gnet_up{server=\"/a\"} 1", "gnet_up{server=\"/b\"} 0",
      "gnet_server_info{server=\"/a\",process_id=\"4711\",host=\"host\",version=\"1.2.3\",backend=\"epoll\"} 1",
      "gnet_server_state{server=\"/a\",state=\"serving\"} 1",
      "gnet_start_time_seconds{server=\"/a\"} 1000000000.5",
      "gnet_read_bytes_total{server=\"/a\",loop=\"1\"} 1048581",
      "gnet_busy_seconds_total{server=\"/a\",loop=\"0\"} 1.5",
      "gnet_write_size_bytes_bucket{server=\"/a\",loop=\"0\",le=\"16\"} 1",
      "gnet_write_size_bytes_bucket{server=\"/a\",loop=\"0\",le=\"64\"} 3",
      "gnet_write_size_bytes_bucket{server=\"/a\",loop=\"0\",le=\"+Inf\"} 7",
      "gnet_write_size_bytes_sum{server=\"/a\",loop=\"0\"} 5000",
      "gnet_write_size_bytes_count{server=\"/a\",loop=\"0\"} 7",
      "gnet_tick_lateness_seconds_bucket{server=\"/a\",loop=\"0\",le=\"0.00005\"} 9",
      "gnet_tick_lateness_seconds_sum{server=\"/a\",loop=\"0\"} 0.000123456",
      "# HELP gnet_logins_total Logins\\nby outcome.",
      "gnet_logins_total{server=\"/a\",loop=\"1\",exported_loop=\"a\\\"b\",outcome=\"refused\"} 7",
      "gnet_exported_reads_total{server=\"/a\",loop=\"0\"} 3",
    ] {
      #expect(text.split(separator: "\n").contains(Substring(sample)), "\(sample)")
    }
    #expect(!text.contains("server=\"/b\",loop"))
  }

  @Test("the text has a column per loop and one for the total, in human units")
  func text() {
    let text = TextFormat.text(Self.snapshot, path: "/tmp/x")
    let rows = text.split(separator: "\n").map { $0.split(separator: #/ {2,}/#).map(String.init) }
    #expect(text.hasPrefix("/tmp/x\n  process 4711 on host, up 1 min 0 s, loops: 2, epoll, GnetMetrics 1.2.3"))
    #expect(text.contains(", snapshot 9, serving\n"))
    #expect(rows.contains(["loop 0", "loop 1", "total"]))
    #expect(rows.contains(["bytes read", "5 B", "1 MiB", "1 MiB"]))
    #expect(rows.contains(["mailbox depth max", "1", "2", "2"]))
    #expect(rows.contains(["logins (loop a\"b, outcome refused)", "0", "7", "7"]))
    #expect(rows.contains(["write size, half up to", "more", "more", "more"]))
    #expect(rows.contains(["tick lateness, half up to", "50 us", "50 us", "50 us"]))
    #expect(rows.contains(["published ago", "2 ms", "2 ms"]))
    #expect(!text.contains(" \n"))
  }

  @Test("many loops are shown in several tables, and what a stranger sent cannot move the cursor")
  func wideText() {
    var snapshot = Self.snapshot
    snapshot.hostName = "evil\u{1B}[2J\nhost"
    snapshot.loops = (0..<20).map { MetricsSnapshot.LoopCounters(index: $0) }
    let text = TextFormat.text(snapshot, path: "/tmp/x")
    #expect(!text.contains("\u{1B}"))
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 120 })
    #expect(text.split(separator: "\n").count { $0.contains("loop ") } == 3)
  }

  @Test("loops of a stranger whose histograms have different buckets are shown side by side")
  func unlikeHistograms() {
    var snapshot = Self.snapshot
    // One bucket, without a bound; and no buckets.
    snapshot.loops[0].writeSizes = MetricsSnapshot.Histogram(upperBounds: [], counts: [5], sum: 9)
    snapshot.loops[1].writeSizes = MetricsSnapshot.Histogram()
    let text = TextFormat.text(snapshot, path: "x")
    let rows = text.split(separator: "\n").map { $0.split(separator: #/ {2,}/#).map(String.init) }
    #expect(rows.contains(["write size, half up to", "more", "-", "more"]))
  }

  @Test("a server without loops, or whose loops have published nothing, can be shown")
  func emptySnapshots() {
    for count in 0...1 {
      var snapshot = MetricsSnapshot()
      snapshot.loops = (0..<count).map { MetricsSnapshot.LoopCounters(index: $0) }
      #expect(TextFormat.text(snapshot, path: "x").contains("never") == (count == 1))
      #expect(JSONFormat.line(snapshot, path: "x").contains("\"loops\":["))
      #expect(PrometheusFormat.text([Self.reading("x", snapshot)]).contains("gnet_up{server=\"x\"} 1"))
    }
  }
}
