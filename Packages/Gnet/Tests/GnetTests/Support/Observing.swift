import RingBuffer
import SystemPackage
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

extension Client {
  /// Sends a request, and expects an answer.
  func expectAnswer(
    _ answer: String, to request: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try send(request)
    #expect(try receiveText(answer.utf8.count) == answer, sourceLocation: sourceLocation)
  }

  /// Sends a text, and expects that it comes back.
  func expectEcho(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    try expectAnswer(text, to: text, sourceLocation: sourceLocation)
  }

  /// Sends a request, and expects an answer that the end of the stream follows.
  func expectLastAnswer(
    _ answer: String, to request: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try send(request)
    #expect(String(decoding: try receiveToEnd(), as: UTF8.self) == answer, sourceLocation: sourceLocation)
  }
}

extension Log<Int32> {
  /// Waits until a connection whose end is logged here has ended, and expects its error.
  func expectEnd(with error: Errno?, sourceLocation: SourceLocation = #_sourceLocation) throws {
    try require("the connection is closed") { count == 1 }
    #expect(values == [error?.rawValue ?? 0], sourceLocation: sourceLocation)
  }
}

/// Ends the streams of clients, and expects that their connections end with them.
func expectEnds(of clients: [Client], at server: Server, sourceLocation: SourceLocation = #_sourceLocation) throws {
  for client in clients { client.endOutput() }
  for client in clients { #expect(try client.receiveToEnd() == [], sourceLocation: sourceLocation) }
  try require("all connections have ended") { server.connectionCount == 0 }
}

/// Expects that a client that sends nothing is closed with a time-out, not before a time has passed.
func expectTimeOut(
  of server: TestServer, after time: Duration, _ closed: Log<Int32>, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let start = ContinuousClock.now
  #expect(try Client(server.address()).receiveToEnd() == [], sourceLocation: sourceLocation)
  #expect(ContinuousClock.now - start >= time, sourceLocation: sourceLocation)
  try closed.expectEnd(with: .timedOut, sourceLocation: sourceLocation)
}

/// Sends a thousand requests of a byte to an echo, and expects that each has cost its loop one turn.
func expectOneTurnPerRequest(_ server: TestServer, sourceLocation: SourceLocation = #_sourceLocation) throws {
  let client = try Client(server.address())
  for _ in 0..<1000 { try client.expectEcho("x", sourceLocation: sourceLocation) }
  let statistics = server.server.loops[0].statistics
  #expect(
    statistics.polls <= 1010 && statistics.reads <= 1001 && statistics.writes <= 1001, sourceLocation: sourceLocation)
}

extension EventLoop {
  /// Holds this loop, which does nothing until the gate is opened.
  func hold() throws -> Gate {
    let gate = Gate()
    schedule(after: .zero) { gate.pass() }.keep()
    try require("the loop is held") { gate.arrived == 1 }
    return gate
  }
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
    var options = Options(loopCount: loopCount)
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
