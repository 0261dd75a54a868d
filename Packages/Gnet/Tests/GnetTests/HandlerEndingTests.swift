import RingBuffer
import SystemPackage
import TestPeers
import TestSupport
import Testing

@testable import Gnet

/// The ends that a connection may have.
@Suite struct HandlerEndingTests {
  enum Ending: String, CaseIterable, CustomTestStringConvertible {
    case peerEnds, peerResets, close, closeByAction, closeInOpened, closeWhileMaking, detach, abort, abortByHandle
    case abortInOpened, closeByHandle, timeOut, become, becomeInOpened, becomeAndClose, becomeAndDetach, becomeAndAbort
    case shutdown, shutdownByAction, drainTimeOut

    var testDescription: String { rawValue }

    /// The handlers that the connection has had.
    var handlerCount: Int { rawValue.hasPrefix("become") && self != .becomeAndAbort ? 2 : 1 }

    /// The last call of the connection.
    var lastCall: String {
      switch self {
      case .peerEnds, .close, .closeByAction, .closeInOpened, .closeWhileMaking, .closeByHandle, .become,
        .becomeInOpened, .becomeAndClose, .shutdown, .shutdownByAction:
        "closed 0"
      case .peerResets: "closed \(Errno.connectionReset.rawValue)"
      case .detach, .becomeAndDetach: "detached"
      case .abort, .abortByHandle, .abortInOpened, .becomeAndAbort: "closed \(Errno.connectionAbort.rawValue)"
      case .timeOut, .drainTimeOut: "closed \(Errno.timedOut.rawValue)"
      }
    }
  }

  private struct Handler: ConnectionHandler, ~Copyable {
    let ending: Ending
    let calls: Log<String>
    let witness: Witness
    let successor: Service?

    mutating func opened(_ connection: inout Connection) -> Action {
      calls.add("opened")
      guard let successor else { return .none }
      switch ending {
      case .closeInOpened: return .close
      case .abortInOpened: connection.abort()
      case .becomeInOpened: connection.become(successor)
      default: break
      }
      return .none
    }

    mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
      input.removeAll()
      guard let successor else { return .close }
      switch ending {
      case .close: connection.close()
      case .closeByAction: return .close
      case .detach: return .detach
      case .abort: connection.abort()
      case .abortByHandle: connection.handle.abort()
      case .closeByHandle: connection.handle.close()
      case .timeOut: connection.setTimeout(.milliseconds(5))
      case .become:
        connection.become(successor)
        connection.wake()
      case .becomeAndClose:
        connection.become(successor)
        return .close
      case .becomeAndDetach:
        connection.become(successor)
        return .detach
      case .becomeAndAbort:
        connection.become(successor)
        connection.abort()
      case .shutdownByAction: return .shutdown
      default: connection.write("+")
      }
      return .none
    }

    mutating func shuttingDown(_ connection: inout Connection) -> Action {
      calls.add("shuttingDown")
      return ending == .drainTimeOut ? .none : .close
    }

    consuming func closed(_ connection: inout Connection, _ error: (any Error)?) { calls.add("closed \(code(error))") }

    consuming func detached(_ connection: inout Connection, _ detached: consuming DetachedConnection) {
      calls.add("detached")
    }
  }

  @Test(
    "every end of a connection is told once, and its handler is destroyed once", arguments: Ending.allCases,
    StreamTransport.allCases)
  func once(ending: Ending, transport: StreamTransport) throws {
    // On a unix socket there are no resets.
    if ending == .peerResets && transport == .unix { return }
    let calls = Log<String>()
    let (made, ended) = (Counter(), Counter())
    @Sendable func handler(_ successor: Service?) -> Handler {
      made.add()
      return Handler(ending: ending, calls: calls, witness: Witness(ended), successor: successor)
    }
    let second = Service { _ in handler(nil) }
    let service = Service { connection in
      if ending == .closeWhileMaking { connection.close() }
      return handler(second)
    }
    var options = Options()
    options.drainTimeout = .milliseconds(50)
    try withService(service, transport: transport, options: options) { server in
      let client = try Client(server.addresses[0])
      try require("it is open") { calls.count > 0 }
      switch ending {
      case .peerEnds, .becomeInOpened: client.endOutput()
      case .peerResets:
        try client.send("x")
        _ = try client.receiveText(1)
        client.reset()
      case .shutdown, .drainTimeOut:
        try client.send("x")
        _ = try client.receiveText(1)
        server.shutdown()
      case .closeInOpened, .closeWhileMaking, .abortInOpened: break
      default: try client.send("x")
      }
      try require("the handler has ended") { ended.value == ending.handlerCount }
      try require("the last call has come") { calls.values.contains(where: Self.isEnd) }
      withExtendedLifetime(client) {}
    }
    #expect(made.value == ending.handlerCount && ended.value == made.value)
    let ends = calls.values.filter(Self.isEnd)
    #expect(ends.count == 1 && calls.values.last == ends.last)
    withErrnoOfReset(if: ending == .peerResets) { #expect(ends == [ending.lastCall]) }
    #expect(calls.values.filter { $0 == "opened" }.count == ending.handlerCount)
  }

  /// Whether a call is the last of its connection.
  private static func isEnd(_ call: String) -> Bool { call.hasPrefix("closed") || call == "detached" }

  @Test("all handlers of a server are destroyed when it has ended, whatever they were busy with", arguments: [1, 3])
  func all(loopCount: Int) throws {
    let (made, ended, endings) = (Counter(), Counter(), Counter())
    struct Stubborn: ConnectionHandler, ~Copyable {
      let witness: Witness
      let endings: Counter
      mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
        input.removeAll()
        connection.write(pattern(4 << 20))
        return .none
      }
      mutating func shuttingDown(_ connection: inout Connection) -> Action { .none }
      consuming func closed(_ connection: inout Connection, _ error: (any Error)?) { endings.add() }
      consuming func detached(_ connection: inout Connection, _ detached: consuming DetachedConnection) {
        endings.add()
      }
    }
    var options = Options()
    options.drainTimeout = .milliseconds(50)
    let service = Service { _ in
      made.add()
      return Stubborn(witness: Witness(ended), endings: endings)
    }
    var clients: [Client] = []
    try withService(service, loopCount: loopCount, options: options) { server in
      for index in 0..<20 {
        let client = try Client(server.addresses[0])
        if index % 2 == 0 { try client.send("x") }
        clients.append(client)
      }
      try require("all are open") { made.value == 20 }
    }
    #expect(made.value == 20 && ended.value == 20 && endings.value == 20)
  }
}
