import Gnet
import InMemoryLogging
import MetricsClient
import Synchronization
import SystemPackage
import TestPeers
import TestSupport
import Testing

@testable import GnetMetrics

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

@Suite struct SocketTests {
  @Test("only the owner may connect, unless something else is asked for")
  func permissions() throws {
    try withServer(try TestServer()) { #expect(Files.permissions(of: $0.metrics) == 0o600) }
    try withServer(try TestServer(permissions: [.ownerReadWrite, .groupReadWrite])) {
      #expect(Files.permissions(of: $0.metrics) == 0o660)
    }
  }

  @Test("the socket's file is there while the server runs, and gone afterwards")
  func lifetime() throws {
    let path = Files.temporaryPath()
    try withServer(try TestServer(metrics: path)) { _ in #expect(Files.exists(path)) }
    #expect(!Files.exists(path))
  }

  @Test("a path that a live server uses is an error before anything is served, and that server goes on")
  func liveSocket() throws {
    try withServer(try TestServer()) { first in
      let error = #expect(throws: ServeError.self) { try TestServer(metrics: first.metrics) }
      #expect(
        error
          == .system(operation: "metrics socket: bind", address: "unix://\(first.metrics)", .addressInUse))
      let text = "metrics socket: bind failed for address \"unix://\(first.metrics)\": \(Errno.addressInUse)"
      #expect(error?.description == text)
      let snapshot = try first.snapshot()
      #expect(snapshot.sequenceNumber > 0)
      #expect(Files.exists(first.metrics))
    }
  }

  @Test("a file that is no socket is an error, and stays")
  func otherFile() throws {
    let path = Files.temporaryPath()
    Files.write(to: path)
    defer { Files.remove(path) }
    let error = #expect(throws: ServeError.self) { try TestServer(metrics: path) }
    #expect(error == .system(operation: "metrics socket: bind", address: "unix://\(path)", .addressInUse))
    #expect(Files.exists(path))
  }

  @Test("a folder that is not there, and a path that is too long, are errors")
  func badPaths() throws {
    let error = #expect(throws: ServeError.self) { try TestServer(metrics: "\(Files.temporaryPath())/x") }
    #expect(error?.description.contains("metrics socket: bind failed") == true)
    #expect(throws: ServeError.self) { try TestServer(metrics: "/tmp/\(String(repeating: "x", count: 200))") }
  }

  @Test("a socket that a dead server has left is replaced")
  func staleSocket() throws {
    let path = Files.temporaryPath()
    try Client(boundTo: path).close()
    try withServer(try TestServer(metrics: path)) { server in
      let snapshot = try server.snapshot()
      #expect(snapshot.sequenceNumber == 1)
    }
    #expect(!Files.exists(path))
  }

  @Test("one exporter serves one server after another, each from zero")
  func oneAfterAnother() throws {
    let path = Files.temporaryPath()
    var events = Events.echo
    events.install(MetricsExporter(socketPath: path))
    for _ in 0..<3 {
      let running = try start(events, on: "tcp://127.0.0.1:0")
      let client = try Client(running.server.addresses[0])
      try client.send("abc")
      _ = try client.receive(exactly: 3)
      try require("the bytes are counted") {
        try MetricsSnapshot(from: path).total(\.bytesRead) == 3
      }
      running.shutdown()
      try running.wait()
    }
  }

  @Test("two exporters of one server tell the same")
  func twoExporters() throws {
    let (first, second) = (Files.temporaryPath(), Files.temporaryPath())
    let exporter = MetricsExporter(socketPath: second, interval: .milliseconds(10))
    try withServer(try TestServer(metrics: first, plugins: [exporter])) { server in
      let client = try Client(server.addresses[0])
      try client.send("abc")
      _ = try client.receive(exactly: 3)
      for path in [first, second] {
        try require("the bytes are counted") {
          try MetricsSnapshot(from: path).loops[0].writeSizes.sum == 3
        }
      }
    }
  }

  @Test("an address that cannot be bound leaves no socket behind")
  func failingServer() throws {
    let path = Files.temporaryPath()
    #expect(throws: ServeError.self) { try TestServer(metrics: path, on: ["tcp://127.0.0.1:0", "nonsense"]) }
    #expect(!Files.exists(path))
  }

  @Test("a socket whose file is removed is bound again, and the log says so")
  func removedFile() throws {
    let log = InMemoryLogHandler()
    try withServer(try TestServer(logger: log.logger)) { server in
      Files.remove(server.metrics)
      try require("the path is bound again") { log.messages.count > 0 }
      #expect(Files.permissions(of: server.metrics) == 0o600)
      #expect(try MetricsSnapshot(from: server.metrics).loops.count == 1)
    }
    #expect(log.messages.count == 1)
    #expect(log.messages[0].contains("was removed by another program, and is bound again"))
  }
}
