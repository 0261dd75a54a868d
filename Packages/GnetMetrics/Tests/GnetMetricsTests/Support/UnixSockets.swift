import GnetMetrics
import Synchronization
import SystemPackage
import TestPeers
import TestSupport
import Testing

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// A listening unix socket of a server that behaves badly.
final class BadServer: Sendable {
  let path: String
  private let socket: SendableClient
  private var fd: Int32 { socket.client.fd }
  /// Whether no thread accepts clients, or not any more.
  private let isIdle = Atomic<Bool>(true)

  /// Listens and never accepts: to a client it hangs.
  init(path: String = Files.temporaryPath(), backlog: Int32 = 128) throws {
    self.path = path
    socket = SendableClient(try Client(boundTo: path))
    try #require(listen(fd, backlog) == 0)
  }

  /// Sends the same bytes to each client, for ever if so wanted, and then closes unless told not to.
  static func sending(_ bytes: [UInt8], closing: Bool = true, endlessly: Bool = false) throws -> BadServer {
    let server = try BadServer()
    server.isIdle.store(false, ordering: .relaxed)
    TestThread.detach {
      var kept: [Int32] = []
      while true {
        let client = accept(server.fd, nil, nil)
        if client < 0 { break }
        var count = 0
        repeat {
          count = unsafe bytes.withUnsafeBytes {
            unsafe send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
          }
        } while endlessly && count >= 0
        if closing { close(client) } else { kept.append(client) }
      }
      for client in kept { close(client) }
      server.isIdle.store(true, ordering: .releasing)
    }
    return server
  }

  /// Whether a client waits to be accepted.
  var hasClient: Bool { socket.client.isReadable(within: .zero) }

  /// Ends it and removes its file.
  func stop() {
    shutdown(fd, Int32(SHUT_RDWR))
    // Closed before, its number could be another server's by the time of the next accept.
    while !isIdle.load(ordering: .acquiring) { sched_yield() }
    socket.client.close()
    Files.remove(path)
  }
}

/// A socket that cannot be read.
struct FailingSocket {
  let path: String
  /// Words of the complaint about it, one of which has to come.
  let words: [String]

  /// Whether a text contains the words.
  func isTold(by text: some StringProtocol) -> Bool { words.contains { text.contains($0) } }
}

/// Calls `body` with sockets of every kind that cannot be read.
func withFailingSockets(_ body: ([FailingSocket]) throws -> Void) throws {
  var snapshot = MetricsSnapshot()
  snapshot.loops = [MetricsSnapshot.LoopCounters(index: 0)]
  let half = Array(snapshot.encoded().dropLast(3))
  let silence = "did not answer within 2.0 seconds"
  let servers: [(BadServer, [String])] = [
    (try BadServer(), [silence]),
    (try BadServer(backlog: 0), [silence]),
    (try .sending(Array("SSH-2.0-x\r\n".utf8)), ["is no metrics snapshot"]),
    (try .sending([]), ["closed without sending a snapshot"]),
    (try .sending(half), ["is no metrics snapshot"]),
    (try .sending(half, closing: false), [silence]),
    // A busy machine does not send as much in the time.
    (try .sending([UInt8](repeating: 0x42, count: 65536), endlessly: true), ["sent more than 16 MiB", silence]),
    (try BadServer(), ["may not be read by this user"]),
  ]
  // The queue of the second has a place for one client.
  let waiting = try Client(path: servers[1].0.path)
  unsafe chmod(servers.last!.0.path, 0)
  // Everything may be read by the superuser.
  let failing = geteuid() == 0 ? servers.dropLast() : servers[...]

  let (refusing, datagrams, file) = (Files.temporaryPath(), Files.temporaryPath(), Files.temporaryPath())
  try Client(boundTo: refusing).close()
  let receiver = try Client(boundTo: datagrams, datagrams: true)
  Files.write(to: file)
  defer {
    for (server, _) in servers { server.stop() }
    for path in [refusing, datagrams, file] { Files.remove(path) }
  }
  try body(
    [
      FailingSocket(path: Files.temporaryPath(), words: ["there is no such socket"]),
      FailingSocket(path: "/tmp/" + String(repeating: "x", count: 195), words: ["the path is 200 bytes long"]),
      FailingSocket(path: refusing, words: ["refuses connections"]),
      FailingSocket(path: datagrams, words: ["\(Errno.protocolWrongTypeForSocket)"]),
      FailingSocket(path: file, words: ["is no socket"]),
    ] + failing.map { FailingSocket(path: $0.path, words: $1) })
  withExtendedLifetime((waiting, receiver)) {}
}

extension [FailingSocket] {
  /// Expects a line of `errors` for each socket, in order.
  func expectComplaints(_ errors: some Collection<Substring>, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(errors.count == count, sourceLocation: sourceLocation)
    for (line, socket) in zip(errors, self) {
      #expect(
        line.hasPrefix("gnet-metrics: \(socket.path): ") && socket.isTold(by: line),
        "\(socket.words) is not in: \(line)", sourceLocation: sourceLocation)
    }
  }
}
