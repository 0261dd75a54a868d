import GnetMetrics
import SystemPackage
import TestPeers
import TestSupport
import Testing

@testable import MetricsClient

@Suite struct ReaderTests {
  private func failure(_ path: String, within timeout: Duration = .seconds(20)) throws -> ReadingFailure? {
    let reading = try SnapshotReader.read([path], timeout: timeout)[0]
    guard case .failure(let failure) = reading.result else { return nil }
    return failure
  }

  @Test("a socket that is missing, was left behind or is something else is told apart")
  func noServer() throws {
    let path = Files.temporaryPath()
    #expect(try failure(path) == .system(.noSuchFileOrDirectory))
    try Client(boundTo: path).close()
    #expect(try failure(path) == .system(.connectionRefused))
    Files.remove(path)
    Files.write(to: path)
    #expect(try failure(path) == .noSocket)
    Files.remove(path)
    for (path, words) in [("", "missing"), (String(repeating: "x", count: 200), "200 bytes"), ("/a\0b", "zero byte")] {
      guard case .invalidPath(let reason) = try failure(path) else {
        Issue.record("taken for a path: \(path)")
        continue
      }
      #expect(reason.contains(words))
    }
  }

  @Test("a socket that never answers takes the time-out and no longer", arguments: [0, 128])
  func hanging(backlog: Int32) throws {
    // Where only one client may wait, the reader has to try again.
    let server = try BadServer(backlog: backlog)
    defer { server.stop() }
    let waiting = try (0..<(backlog == 0 ? 1 : 0)).map { _ in try Client(path: server.path) }
    let start = ContinuousClock.now
    #expect(try failure(server.path, within: .milliseconds(200)) == .timedOut(.milliseconds(200)))
    #expect(start.duration(to: .now) >= .milliseconds(200))
    withExtendedLifetime(waiting) {}
  }

  @Test("a socket that sends something else is told by what it sends")
  func garbage() throws {
    var good = MetricsSnapshot()
    good.loops = [MetricsSnapshot.LoopCounters(index: 0)]
    var later = good
    later.schemaVersion = 7
    let cases: [([UInt8], ReadingFailure)] = [
      ([], .silent), (Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8), .unreadable(.malformed)),
      (Array(good.encoded().dropLast()), .unreadable(.malformed)),
      (later.encoded(), .unreadable(.unknownSchemaVersion(7))),
    ]
    for (bytes, expected) in cases {
      let server = try BadServer.sending(bytes)
      defer { server.stop() }
      #expect(try failure(server.path) == expected)
    }
  }

  @Test("a socket that sends for ever is given up")
  func endless() throws {
    let server = try BadServer.sending([UInt8](repeating: 0x42, count: 65536), endlessly: true)
    defer { server.stop() }
    #expect(try failure(server.path) == .tooLong(limit: 16 << 20))
  }

  @Test("a snapshot without an end of stream is none")
  func unfinished() throws {
    let server = try BadServer.sending(MetricsSnapshot().encoded(), closing: false)
    defer { server.stop() }
    #expect(try failure(server.path, within: .milliseconds(200)) == .timedOut(.milliseconds(200)))
  }

  @Test("sockets that fail or hang do not keep the others from being read, in the order given")
  func together() throws {
    let hanging = try (0..<5).map { _ in try BadServer() }
    defer { for server in hanging { server.stop() } }
    try withServer(try TestServer()) { server in
      let paths = [hanging[0].path, server.metrics, Files.temporaryPath(), server.metrics] + hanging.map(\.path)
      let start = ContinuousClock.now
      let readings = try SnapshotReader.read(paths, timeout: .seconds(3))
      // One time-out for all.
      #expect(start.duration(to: .now) < .seconds(2 * 3))
      #expect(readings.map(\.path) == paths)
      #expect(readings.map { $0.snapshot != nil } == [false, true, false, true] + hanging.map { _ in false })
    }
  }

  @Test("every complaint is one line that names the socket")
  func complaints() {
    let failures: [ReadingFailure] = [
      .invalidPath(reason: "it contains a zero byte"), .noSocket, .timedOut(.seconds(2)), .tooLong(limit: 16 << 20),
      .silent, .unreadable(.malformed),
      .unreadable(.unknownSchemaVersion(9)), .system(.noSuchFileOrDirectory), .system(.connectionRefused),
      .system(.permissionDenied), .system(.tooManyOpenFiles), .interrupted,
    ]
    for failure in failures {
      let complaint = Reading(path: "/tmp/a\nb", result: .failure(failure)).complaint ?? ""
      #expect(complaint.hasPrefix("/tmp/a\\nb: "))
      #expect(complaint.count > 20 && !complaint.contains("\n"))
    }
  }
}
