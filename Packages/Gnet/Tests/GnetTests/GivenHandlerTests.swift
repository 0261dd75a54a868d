import RingBuffer
import TestPeers
import TestSupport
import Testing

@testable import Gnet

@Suite("a handler that is given as a value") struct GivenHandlerTests {
  /// Sends everything back in brackets.
  private struct Bracketing: ConnectionHandler, ~Copyable {
    let calls: Log<String>
    let witness: Witness

    mutating func opened(_ connection: inout Connection) -> Action { calls.note("opened") }

    mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
      connection.write("[\(input.readText())]")
      return .none
    }

    consuming func closed(_ connection: inout Connection, _ error: (any Error)?) { calls.add("closed \(code(error))") }
  }

  @Test("it takes over from another, and lives as long as the connection", arguments: StreamTransport.allCases)
  func takingOver(transport: StreamTransport) throws {
    let (calls, ended) = (Log<String>(), Counter())
    var events = Events { connection, input in
      input.discard(1)
      connection.become(Bracketing(calls: calls, witness: Witness(ended)))
      return .none
    }
    events.onClosed = { _, _ in calls.note("closed the first") }
    try withServer(events, on: [transport.address()]) { server in
      let client = try Client(server.address())
      try client.expectAnswer("[one]", to: "!one")
      #expect(ended.value == 0)
      client.endOutput()
      #expect(try client.receive() == [])
      try require("it has ended") { ended.value == 1 }
    }
    #expect(calls.values == ["opened", "closed 0"])
  }

  @Test("it is destroyed without a call where the connection ends before it takes over")
  func notTaken() throws {
    let (calls, ended) = (Log<String>(), Counter())
    let events = Events { connection, _ in
      connection.become(Bracketing(calls: calls, witness: Witness(ended)))
      // Another one, which replaces that.
      connection.become(Bracketing(calls: calls, witness: Witness(ended)))
      connection.abort()
      return .none
    }
    try withServer(events) { server in
      let client = try Client(server.address())
      try client.send("x")
      try require("both are destroyed") { ended.value == 2 }
    }
    #expect(calls.values == [])
  }

  @Test("it serves an outbound connection", arguments: [1, 2])
  func outbound(loopCount: Int) throws {
    let (calls, ended) = (Log<String>(), Counter())
    try withServer(.echo) { server in
      try withClients(loopCount: loopCount) { clients in
        let byServer = clients.connect(
          to: server.address().text, Bracketing(calls: calls, witness: Witness(ended)))
        let byLoop = clients.loops[0].connect(
          to: server.address().text, Bracketing(calls: calls, witness: Witness(ended)))
        try require("both are open") { calls.count == 2 }
        for handle in [byServer, byLoop] { #expect(handle.close()) }
        try require("both have ended") { ended.value == 2 }
      }
    }
    #expect(calls.values == ["opened", "opened", "closed 0", "closed 0"])
  }

  @Test("it is destroyed without a call where the connection fails, or is taken back", arguments: [false, true])
  func notEstablished(takenBack: Bool) throws {
    let (calls, ended, failures) = (Log<String>(), Counter(), Counter())
    try withClients { clients in
      let gate = try clients.loops[0].hold()
      let handle = clients.loops[0].connect(
        to: "unix:///nowhere/at/all", Bracketing(calls: calls, witness: Witness(ended))
      ) { _ in failures.add() }
      if takenBack { #expect(handle.close()) }
      gate.open()
      try require("it is destroyed") { ended.value == 1 }
    }
    #expect(failures.value == (takenBack ? 0 : 1))
    #expect(calls.values == [])
  }
}
