import RingBuffer
import TestPeers
import TestSupport
import Testing

@testable import Gnet

extension RingBuffer {
  /// The unread bytes as text.
  var text: String {
    var bytes: [UInt8] = []
    for offset in 0..<count { bytes.append(self[offset]) }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Takes the unread bytes, as text.
  mutating func readText() -> String { String(decoding: readAll(), as: UTF8.self) }
}

/// Waits until the loops of `server` rest: the effects of the test may still be on their way. Fails the test if a loop keeps
/// turning while there is nothing to do.
func expectIdle(_ server: TestServer) throws {
  func polls() -> [UInt64] { server.server.loops.map { $0.statistics.polls } }
  var (before, beginning) = (polls(), ContinuousClock.now)
  try require("no loop turns without need") {
    let now = polls()
    if zip(before, now).contains(where: { $1 - $0 > 1 }) { (before, beginning) = (now, .now) }
    return beginning.duration(to: .now) >= .milliseconds(20)
  }
}

/// Sends a thousand requests of a byte to an echo, and expects that each has cost its loop one turn.
func expectOneTurnPerRequest(_ server: TestServer, sourceLocation: SourceLocation = #_sourceLocation) throws {
  let client = try Client(server.address())
  for _ in 0..<1000 {
    try client.send("x")
    #expect(try client.receiveText(1) == "x", sourceLocation: sourceLocation)
  }
  let statistics = server.server.loops[0].statistics
  #expect(
    statistics.polls <= 1010 && statistics.reads <= 1001 && statistics.writes <= 1001, sourceLocation: sourceLocation)
}

/// Keeps a detached connection for a test.
final class DetachedBox: Sendable {
  private let stored = Lock<DetachedConnection?>(nil)

  var isEmpty: Bool { stored.withLock { $0 == nil } }

  func put(_ connection: consuming DetachedConnection) {
    var connection: DetachedConnection? = connection
    stored.withLock { $0 = connection.take() }
  }

  /// Waits for a connection and hands it out.
  func take() throws -> DetachedConnection {
    try require("a connection is detached") { !self.isEmpty }
    return stored.withLock { $0.take()! }
  }
}

/// A server of streams in one of the ways there are to run it.
struct StreamSetup: Sendable, CustomTestStringConvertible {
  let transport: StreamTransport
  let loopCount: Int
  var reusePort = false
  var loadBalancing = LoadBalancing.roundRobin

  var testDescription: String {
    "\(transport), \(loopCount) loops\(reusePort ? ", reuseport" : ""), \(loadBalancing)"
  }

  var address: String { transport.address() + (reusePort ? "?reuseport=true" : "") }

  var options: Options {
    var options = Options()
    options.loopCount = loopCount
    options.loadBalancing = loadBalancing
    return options
  }

  static let all: [StreamSetup] =
    [1, 3].flatMap { loopCount in
      StreamTransport.allCases.map { StreamSetup(transport: $0, loopCount: loopCount) } + [
        StreamSetup(transport: .tcp4, loopCount: loopCount, reusePort: true)
      ]
    } + [
      StreamSetup(transport: .tcp4, loopCount: 3, loadBalancing: .leastConnections),
      StreamSetup(transport: .unix, loopCount: 3, loadBalancing: .sourceAddressHash),
    ]
}

/// Bytes that show a swap, a loss or a repetition: no two neighbourhoods look alike.
func pattern(_ count: Int) -> [UInt8] {
  unsafe [UInt8](unsafeUninitializedCapacity: count) { bytes, filled in
    for index in 0..<count { unsafe bytes[index] = UInt8(truncatingIfNeeded: index &* 31 &+ index >> 8 &+ index >> 16) }
    filled = count
  }
}
