import RingBuffer
import SystemPackage
import TestPeers
import TestSupport
import Testing

@testable import Gnet

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

@Suite struct IdleTimeoutTests {
  private func options(_ timeout: Duration) -> Options {
    var options = Options()
    options.idleTimeout = timeout
    return options
  }

  @Test("a silent connection is closed with a time-out, in time", arguments: StreamTransport.allCases, [1, 2])
  func silence(transport: StreamTransport, loopCount: Int) throws {
    let closed = Log<Int32>()
    var events = Events.echo
    events.logEnds(closed)
    var options = options(.milliseconds(200))
    options.loopCount = loopCount
    try withServer(events, options: options, on: [transport.address()]) { server in
      let start = ContinuousClock.now
      let client = try Client(server.address())
      #expect(try client.receiveToEnd() == [])
      #expect(ContinuousClock.now - start >= .milliseconds(200))
      try require("it is closed") { closed.count == 1 }
      #expect(closed.values == [Errno.timedOut.rawValue])
    }
  }

  @Test("after a long silence of the whole server a new connection has its full time")
  func fullTimeAfterSilence() throws {
    try withServer(.echo, options: options(.milliseconds(300))) { server in
      TestThread.sleep(milliseconds: 700)
      let start = ContinuousClock.now
      let client = try Client(server.address())
      #expect(try client.receiveToEnd() == [])
      #expect(ContinuousClock.now - start >= .milliseconds(300))
    }
  }

  @Test(
    "a peer that does not read what a closing connection still has to send does not keep it",
    arguments: StreamTransport.allCases, [false, true])
  func closing(transport: StreamTransport, byPeer: Bool) throws {
    let closed = Log<Int32>()
    var events = Events()
    events.react = { connection, input in
      connection.write(pattern(8 << 20))
      return byPeer ? .none : .close
    }
    events.logEnds(closed)
    try withServer(events, options: options(.milliseconds(200)), on: [transport.address()]) { server in
      let client = try Client(server.address())
      try client.send("x")
      if byPeer { client.endOutput() }
      try require("it is closed") { closed.count == 1 }
      #expect(closed.values == [Errno.timedOut.rawValue])
      try require("nothing is pending") { server.sum(\.pendingOutputBytes) == 0 }
      withExtendedLifetime(client) {}
    }
  }

  @Test("bytes in either direction keep a connection open")
  func activity() throws {
    let handles = Log<ConnectionHandle>()
    var events = Events.echo
    events.logHandles(handles)
    try withServer(events, options: options(.seconds(1))) { server in
      let talking = try Client(server.address())
      let listening = try Client(server.address())
      try require("both are open") { handles.count == 2 }
      let start = ContinuousClock.now
      while ContinuousClock.now - start < .milliseconds(1500) {
        try talking.send("x")
        #expect(try talking.receiveText(1) == "x")
        #expect(handles.values[1].write("y"))
        #expect(try listening.receiveText(1) == "y")
        TestThread.sleep(milliseconds: 50)
      }
      let last = ContinuousClock.now
      #expect(try talking.receiveToEnd() == [])
      #expect(try listening.receiveToEnd() == [])
      #expect(ContinuousClock.now - last >= .milliseconds(850))
    }
  }

  @Test("a time-out costs requests no turns of the loop")
  func cost() throws {
    try withServer(.echo, options: options(.seconds(30))) { server in
      try expectOneTurnPerRequest(server)
    }
  }

  @Test("a closed connection's lingering is not cut short by how long the loop has slept")
  func lingering() throws {
    var events = Events()
    events.react = { connection, input in
      connection.write(pattern(100_000))
      return .close
    }
    try withServer(events) { server in
      for _ in 0..<2 {
        TestThread.sleep(milliseconds: 300)
        let client = try Client(server.address())
        // Behind the request comes more than the server wants: a reset would destroy the answer.
        try client.send("go")
        #expect(try client.receive(exactly: 1000).count == 1000)
        for _ in 0..<20 { try client.send(pattern(1000)) }
        #expect(try client.receiveToEnd().count == 99_000)
      }
    }
  }
}
