import SystemPackage
import TestPeers
import TestSupport
import Testing

@testable import Gnet

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
