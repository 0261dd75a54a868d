import Foundation
import Gnet
import GnetMetrics
import TestPeers
import TestSupport
import Testing

@Suite struct ScrapeTests {
  /// Traffic of a known number of connections, messages and bytes, over and counted.
  private func withCountedTraffic(_ body: (TestServer) throws -> Void) throws {
    try withServer(try TestServer(loops: 2)) { server in
      for _ in 0..<6 {
        let client = try Client(server.addresses[0])
        for _ in 0..<10 {
          try client.send("hello")
          _ = try client.receive(exactly: 5)
        }
      }
      _ = try server.snapshot(where: "the connections are closed") { $0.total(\.connectionsClosed) == 6 }
      try body(server)
    }
  }

  /// The counters after the traffic, by the names of the schema.
  private static let expected = [
    "connections_opened": 6, "connections_closed": 6, "accepts": 6, "bytes_read": 300, "bytes_written": 300,
    "writes": 60, "accept_errors": 0, "pending_output_bytes": 0,
  ]

  @Test("gnet-metrics scrape --format json tells exactly what has happened")
  func json() throws {
    try withCountedTraffic { server in
      let (status, output, errors) = try Tool.start("scrape", server.metrics, "--format", "json").result()
      #expect(status == 0 && errors == "")
      let object = try #require(JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
      let loops = try #require(object["loops"] as? [[String: Any]])
      #expect(loops.count == 2)
      for (name, count) in Self.expected {
        #expect(loops.reduce(0) { $0 + ($1[name] as? Int ?? -1) } == count, "\(name)")
      }
    }
  }

  @Test(
    "socat and protoc tell exactly what has happened",
    .needs("socat", "protoc"))
  func socat() throws {
    try withCountedTraffic { server in
      let script = """
        socat - UNIX-CONNECT:\(server.metrics) </dev/null |
          protoc --decode=gnet.metrics.v1.Snapshot --proto_path=proto metrics.proto
        """
      let (status, output, errors) = try Tool.script(script).result()
      #expect(status == 0 && errors == "")
      for (name, count) in Self.expected {
        let values = output.split(separator: "\n").compactMap { line in
          line.hasPrefix("  \(name): ") ? Int(line.split(separator: " ")[1]) : nil
        }
        #expect(values.count == 2 && values.reduce(0, +) == count, "\(name)")
      }
    }
  }

  @Test("all formats are printed")
  func formats() throws {
    try withCountedTraffic { server in
      let text = try Tool.start("scrape", server.metrics).result()
      #expect(text.status == 0 && text.output.hasPrefix("\(server.metrics)\n"))
      let exposition = try Tool.start("scrape", server.metrics, "--format", "prometheus").result()
      #expect(exposition.output.contains("gnet_up{server=\"\(server.metrics)\"} 1\n"))
      let script = "gnet-metrics scrape \(server.metrics) --format protobuf | od -An -tx1 -v | tr -d ' \\n'"
      let hex = try Tool.script(script).result().output
      let bytes = stride(from: 0, to: hex.utf8.count, by: 2).map { index in
        let start = hex.index(hex.startIndex, offsetBy: index)
        return UInt8(hex[start..<hex.index(start, offsetBy: 2)], radix: 16)!
      }
      #expect(try MetricsSnapshot(decoding: bytes).total(\.bytesRead) == 300)
    }
  }

  @Test(
    "sockets that fail are named in a line each, the others are printed, and the exit code is 1",
    arguments: ["text", "json", "prometheus"])
  func failures(format: String) throws {
    try withFailingSockets { failures in
      try withServer(try TestServer()) { server in
        let paths = failures.map(\.path)
        // A path given twice is read once.
        let words = [paths[0], server.metrics] + paths + [server.metrics, "--format", format]
        let script = "exec gnet-metrics scrape \(words.joined(separator: " "))"
        let (status, output, errors) = try Tool.script(script).result()
        #expect(status == 1)
        let heads = [
          "text": "\(server.metrics)\n", "json": "{\"server\":\"\(server.metrics)\"", "prometheus": "# HELP ",
        ]
        #expect(output.hasPrefix(heads[format]!))
        let mentions = [
          "text": "\n  process ", "json": "\"process_id\":", "prometheus": "gnet_start_time_seconds{",
        ]
        #expect(output.components(separatedBy: mentions[format]!).count - 1 == 1)
        for path in paths { #expect(output.contains("gnet_up{server=\"\(path)\"} 0\n") == (format == "prometheus")) }
        failures.expectComplaints(errors.split(separator: "\n"))
      }
    }
  }

  @Test("each failure alone is one line, nothing is printed, and the exit code is 1")
  func singleFailures() throws {
    try withFailingSockets { failures in
      let programs = try failures.map { try Tool.start("scrape", $0.path, "--format", "protobuf") }
      for (program, failure) in zip(programs, failures) {
        let (status, output, errors) = try program.result()
        #expect(status == 1 && output == "")
        [failure].expectComplaints(errors.split(separator: "\n"))
      }
    }
  }

  @Test(
    "a mistake on the command line is told, and the exit code is 64",
    arguments: [
      ["scrape"], ["scrape", "/a", "--format", "xml"], ["scrape", "/a", "/b", "--format", "protobuf"],
      ["watch", "/a", "--interval", "0"], ["watch", "/a", "--interval", "soon"], ["nonsense"],
    ])
  func mistakes(arguments: [String]) throws {
    let words = arguments.map { "'\($0)'" }.joined(separator: " ")
    let (status, output, errors) = try Tool.script("gnet-metrics \(words)").result()
    #expect(status == 64 && output == "" && errors.hasPrefix("Error: "))
  }

  @Test("output that cannot be written is an error")
  func fullDevice() throws {
    try withServer(try TestServer()) { server in
      let (status, _, errors) = try Tool.script("gnet-metrics scrape \(server.metrics) >/dev/full").result()
      #expect(status == 1 && errors.hasPrefix("Error: "))
    }
  }
}
