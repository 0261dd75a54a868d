import RingBuffer
import SystemPackage
import TestPeers
import TestSupport
import Testing

@testable import Gnet
@testable import GnetWorkloads

@Suite struct RelayTests {
  /// Runs a backend and a relay in front of it for the length of `body`.
  private func withRelay(
    _ backend: Events, transport: StreamTransport = .tcp4, loopCount: Int = 1, options: Options = Options(),
    _ body: (_ relay: Server, _ backend: TestServer) throws -> Void
  ) throws {
    var backendOptions = Options()
    backendOptions.allowHalfClosure = true
    try withServer(backend, options: backendOptions, on: [transport.address()]) { backend in
      try withService(
        relaying(to: backend.address().text), loopCount: loopCount, transport: transport, options: options
      ) {
        try body($0, backend)
      }
    }
  }

  /// Sends everything back, and ends its output with the peer's.
  private var echoToEnd: Events {
    Events { connection, input in
      connection.write(moving: &input)
      if connection.isInputEnded { connection.endOutput() }
      return .none
    }
  }

  /// Reads requests that the test answers, and logs the handles of their connections.
  private static func holding(_ requests: Log<ConnectionHandle>) -> Events {
    Events { connection, input in
      input.removeAll()
      return requests.note(connection.handle)
    }
  }

  @Test("requests and answers pass", arguments: StreamTransport.allCases, [1, 2])
  func passing(transport: StreamTransport, loopCount: Int) throws {
    try withRelay(echoToEnd, transport: transport, loopCount: loopCount) { relay, _ in
      let clients = try (0..<20).map { _ in try Client(relay.addresses[0]) }
      for round in 1...20 {
        for (index, client) in clients.enumerated() { try client.send("\(round) of \(index);") }
        for (index, client) in clients.enumerated() {
          let expected = "\(round) of \(index);"
          #expect(try client.receiveText(expected.utf8.count) == expected)
        }
      }
      try expectEnds(of: clients, at: relay)
    }
  }

  @Test("64 MiB pass both ways at once, whole and in order, with bounded memory", arguments: StreamTransport.allCases)
  func volume(transport: StreamTransport) throws {
    let size = 64 << 20
    try withRelay(echoToEnd, transport: transport) { relay, _ in
      let client = try Client(relay.addresses[0])
      let sent = pattern(size)
      let writer = client.sendInBackground(sent, isLast: true)
      var received: [UInt8] = []
      received.reserveCapacity(size)
      var peak: UInt64 = 0
      try client.receiveToEnd { _, bytes in
        received += bytes
        peak = max(peak, relay.loops[0].statistics.pendingOutputBytes)
      }
      writer.join()
      let isWhole = received == sent
      #expect(isWhole)
      // The watermark of each direction, and two chunks more. When both streams of a connection have ended, what its receive
      // buffer holds is taken at once: 6 MiB at most.
      #expect(peak <= 2 * (1 << 20 + 131072) + (6 << 20))
    }
  }

  @Test("a receiver that does not read holds its sender up, in both directions", arguments: [false, true])
  func holdingUp(isUpload: Bool) throws {
    var options = Options()
    options.outboundHighWatermark = 100_000
    options.outboundLowWatermark = 10_000
    let handles = Log<ConnectionHandle>()
    var backend = Events()
    backend.onOpened = { connection in
      handles.add(connection.handle)
      connection.isReadingPaused = isUpload
      if !isUpload { connection.write(pattern(32 << 20)) }
      return .none
    }
    let received = Counter()
    backend.react = { _, input in
      received.add(input.count)
      input.removeAll()
      return .none
    }
    try withRelay(backend, options: options) { relay, _ in
      let client = try Client(relay.addresses[0])
      let sender = client.sendInBackground(isUpload ? pattern(32 << 20) : [])
      try require("the relay is full") { relay.loops[0].statistics.pendingOutputBytes >= 100_000 }
      #expect(relay.loops[0].statistics.pendingOutputBytes < 100_000 + 65536)
      if isUpload {
        handles.values[0].perform { connection in
          connection.isReadingPaused = false
          return .none
        }
        try require("everything has arrived") { received.value == 32 << 20 }
      } else {
        #expect(try isPattern(client.receive(exactly: 32 << 20), 32 << 20))
      }
      sender.join()
    }
  }

  @Test("what a client sends before the backend is there is kept and passed on, its end included")
  func earlyBytes() throws {
    try withRelay(echoToEnd) { relay, _ in
      for _ in 0..<50 {
        let client = try Client(relay.addresses[0])
        try client.send("early")
        client.endOutput()
        #expect(try client.receiveToEnd() == Array("early".utf8))
      }
    }
  }

  @Test("a backend that refuses ends the client")
  func refused() throws {
    let refusing = try RefusingAddress()
    try withService(relaying(to: refusing.address.text)) { relay in
      #expect(throws: Errno.connectionReset) { try Client(relay.addresses[0]).receiveToEnd() }
    }
  }

  @Test("a client that only ends its stream, before the backend is there, gets the answer to that")
  func earlyEnd() throws {
    let backend = Events { connection, _ in
      connection.write("good-bye")
      return .close
    }
    try withRelay(backend) { relay, _ in
      for _ in 0..<50 {
        let client = try Client(relay.addresses[0])
        client.endOutput()
        #expect(try client.receiveToEnd() == Array("good-bye".utf8))
      }
    }
  }

  @Test("a client that resets before the backend is there takes the attempt back")
  func earlyReset() throws {
    let backend = try fullListener()
    var loop: EventLoop?
    try withService(relaying(to: backend.address.text)) { relay in
      loop = relay.loops[0]
      let clients = try (0..<5).map { _ in try Client(relay.addresses[0]) }
      try require("the relay connects") { relay.loops[0].statistics.connectAttempts == 5 }
      for client in clients { client.reset() }
      try require("the clients have gone") { relay.connectionCount == 0 }
    }
    // An attempt that was under way would have been told of the shutdown.
    #expect(loop?.statistics.connectFailures == 0)
  }

  @Test("the end of one stream passes while the other goes on")
  func halfClosure() throws {
    let handles = Log<ConnectionHandle>()
    let backend = Events { connection, input in
      if connection.isInputEnded { handles.add(connection.handle) }
      input.removeAll()
      return .none
    }
    try withRelay(backend) { relay, _ in
      let client = try Client(relay.addresses[0])
      try client.send("x")
      client.endOutput()
      try require("the backend has seen the end") { handles.count == 1 }
      for _ in 0..<3 {
        handles.values[0].write("still here")
        #expect(try client.receiveText(10) == "still here")
      }
      handles.values[0].close()
      #expect(try client.receiveToEnd() == [])
      try require("the relay has ended") { relay.connectionCount == 0 }
    }
  }

  @Test(
    "a reset of the client resets the backend's connection, and the other way round",
    .disabled(if: isKqueueEmulated, "libkqueue takes the error off the socket"), arguments: [false, true])
  func resets(isByClient: Bool) throws {
    let (handles, ends) = (Log<ConnectionHandle>(), Log<Int32>())
    var backend = Self.holding(handles)
    backend.logEnds(ends)
    try withRelay(backend) { relay, _ in
      let client = try Client(relay.addresses[0])
      try client.send("x")
      try require("the backend has it") { handles.count == 1 }
      if isByClient {
        client.reset()
        try require("the backend has ended") { ends.count == 1 }
        #expect(ends.values == [Errno.connectionReset.rawValue])
      } else {
        handles.values[0].abort()
        #expect(throws: Errno.connectionReset) { try client.receiveToEnd() }
      }
      try require("the relay has ended") { relay.connectionCount == 0 }
    }
  }

  @Test("a shutdown lets relays finish what is under way")
  func shutdown() throws {
    let handles = Log<ConnectionHandle>()
    try withServer(Self.holding(handles)) { backend in
      let running = try start([Listener("127.0.0.1:0", relaying(to: backend.address().text))], options: Options())
      let client = try Client(running.server.addresses[0])
      try client.send("x")
      try require("the backend has it") { handles.count == 1 }
      running.shutdown()
      try require("the shutdown has begun") { running.server.loops.allSatisfy { $0.isShuttingDown } }
      handles.values[0].write("late")
      handles.values[0].close()
      #expect(try client.receiveToEnd() == Array("late".utf8))
      client.close()
      try running.wait()
    }
  }

  @Test("ends on different loops relay too")
  func acrossLoops() throws {
    let fronts = Log<ConnectionHandle>()
    let service = Service { connection in
      fronts.add(connection.handle)
      return Waiting()
    }
    try withService(service, loopCount: 2) { server in
      let clients = try (0..<2).map { _ in try Client(server.addresses[0]) }
      try require("both are open") { fronts.count == 2 }
      let handles = fronts.values
      for (own, other) in [(handles[0], handles[1]), (handles[1], handles[0])] {
        own.perform { connection in
          connection.become(Service { _ in Relay(to: other) })
          return .none
        }
      }
      let writer = clients[0].sendInBackground(pattern(4 << 20), isLast: true)
      #expect(try isPattern(clients[1].receiveToEnd(), 4 << 20))
      writer.join()
      try clients[1].send("back")
      #expect(try clients[0].receiveText(4) == "back")
    }
  }

  @Test("a wake behind the end of one stream does not end the other one", arguments: [1, 2])
  func wakeBehindEnd(loopCount: Int) throws {
    let fronts = Log<ConnectionHandle>()
    let service = Service { connection in
      fronts.add(connection.handle)
      return Waiting()
    }
    try withService(service, loopCount: loopCount) { server in
      let clients = try (0..<2).map { index in
        let client = try Client(server.addresses[0])
        try require("it is open") { fronts.count == index + 1 }
        return client
      }
      let handles = fronts.values
      for (own, other) in [(handles[0], handles[1]), (handles[1], handles[0])] {
        own.perform { connection in
          connection.become(Service { _ in Relay(to: other) })
          return .none
        }
      }
      clients[0].endOutput()
      #expect(try clients[1].receiveToEnd() == [])
      let wasServed = Flag()
      handles[0].wake()
      // Comes after the wake.
      handles[0].perform { connection in
        connection.wake()
        wasServed.set()
        return .none
      }
      try require("the wakes were served") { wasServed.isSet }
      for _ in 0..<3 {
        try clients[1].send("late")
        #expect(try clients[0].receiveText(4) == "late")
      }
      clients[1].endOutput()
      #expect(try clients[0].receiveToEnd() == [])
    }
  }

  /// Leaves everything to its successor, the end of the stream included.
  private struct Waiting: ConnectionHandler {
    static var isFullDuplex: Bool { true }
    mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action { .none }
  }
}
