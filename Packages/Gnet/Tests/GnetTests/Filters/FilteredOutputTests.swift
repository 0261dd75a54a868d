import RingBuffer
import SystemPackage
import TestPeers
import TestSupport
import Testing

@testable import Gnet

@Suite("the output of connections with a filter, and their ends") struct FilteredOutputTests {
  private static var narrow: Options {
    var options = Options()
    options.outboundHighWatermark = 100_000
    options.outboundLowWatermark = 10_000
    options.socketSendBuffer = 20_000
    return options
  }

  /// Writes a number of bytes in pieces, as fast as they drain, and closes.
  private struct Source: ConnectionHandler {
    let bytes: [UInt8]
    let drains: Counter
    var place = 0

    mutating func opened(_ connection: inout Connection) -> Action { fill(&connection) }
    mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
      input.removeAll()
      return .none
    }
    mutating func drained(_ connection: inout Connection) -> Action {
      drains.add()
      return fill(&connection)
    }

    private mutating func fill(_ connection: inout Connection) -> Action {
      while place < bytes.count, !connection.isOutputFull {
        let end = min(place + 3_000, bytes.count)
        connection.write(Array(bytes[place..<end]))
        place = end
      }
      return place == bytes.count ? .close : .none
    }
  }

  @Test("a source stops at the watermark, is told of each drain, and comes whole", arguments: StreamTransport.allCases)
  func drains(transport: StreamTransport) throws {
    let drains = Counter()
    let bytes = pattern(3_000_000)
    let service = Service { _ in Source(bytes: bytes, drains: drains) }
    try withFilter({ Framing($0) }, service, transport: transport, options: Self.narrow) { server in
      let client = try Client(server.addresses[0])
      try client.makeHandshake()
      try require("output waits") { server.loops[0].statistics.pendingOutputBytes > 0 }
      // The frames are a little larger than the bytes in them.
      #expect(server.loops[0].statistics.pendingOutputBytes < 110_000)
      let isWhole = try Framing.unframed(client.receiveToEnd()) == bytes
      #expect(isWhole)
      #expect(drains.value > 3)
      client.close()
      try require("nothing waits") { server.loops[0].statistics.pendingOutputBytes == 0 }
    }
  }

  @Test("a peer that sends and does not read is held up, and gets every answer in the end")
  func backPressure() throws {
    let bytes = pattern(4_000_000)
    try withFilter({ Framing($0) }, Service(.echo), options: Self.narrow) { server in
      let client = try Client(server.addresses[0])
      try client.makeHandshake()
      let writer = client.sendInBackground(Framing.frames(bytes) + [0])
      try require("it is held up") { server.loops[0].statistics.pendingOutputBytes > 0 }
      var received: [UInt8] = []
      var peak: UInt64 = 0
      try client.receiveToEnd { _, part in
        received += part
        peak = max(peak, server.loops[0].statistics.pendingOutputBytes)
      }
      writer.join()
      let isWhole = Framing.unframed(received) == bytes
      #expect(isWhole)
      #expect(peak < 250_000)
    }
  }

  @Test("output that waits for a filter counts as pending, and full output does not keep the filter from the peer")
  func heldOutput() throws {
    let handles = Log<ConnectionHandle>()
    let pending = Log<Int>()
    let drains = Counter()
    var events = Events()
    events.onOpened = { connection in
      handles.add(connection.handle)
      connection.addFilter(Framing(FilterContext(connection)))
      connection.write(pattern(150_000))
      let isFull = connection.isOutputFull
      #expect(isFull)
      pending.add(connection.pendingWriteCount)
      return .none
    }
    events.onDrained = { _ in drains.note(then: .close) }
    try withService(Service(events), options: Self.narrow) { server in
      let client = try Client(server.addresses[0])
      try require("output waits") { server.loops[0].statistics.pendingOutputBytes == 150_000 }
      #expect(pending.values == [150_000])
      try require("the handle refuses more") { handles.values[0].offer([1]) == .full }
      try client.makeHandshake()
      let isWhole = try Framing.unframed(client.receiveToEnd()) == pattern(150_000)
      #expect(isWhole)
      #expect(drains.value == 1)
    }
  }

  @Test("with half-closure both directions end by themselves", arguments: [false, true])
  func halfClosure(serverFirst: Bool) throws {
    let calls = Calls()
    var options = Options()
    options.allowHalfClosure = true
    let service = calls.service { connection in
      if serverFirst {
        connection.write("all")
        connection.endOutput()
        connection.write("dropped")
      }
      return .none
    }
    try withFilter({ Framing($0) }, service, options: options) { server in
      let client = try Client(server.addresses[0])
      try client.makeHandshake()
      if serverFirst {
        // The end of the frames, and behind it that of the stream.
        #expect(Framing.unframed(try client.receiveToEnd()) == Array("all".utf8))
        try client.send(Framing.frame("answer") + [0])
      } else {
        try client.send(Framing.frame("answer") + [0])
        #expect(try client.receiveToEnd() == [0])
      }
      try calls.waitForEnd()
      // With its output ended, a connection is over at the end of the input.
      let last = serverFirst ? ["closed in order"] : ["ended", "closed in order"]
      #expect(calls.values == ["opened", "react answer"] + last)
    }
  }

  @Test("a shutdown waits for output, in a filter and before it")
  func shutdown() throws {
    var options = Self.narrow
    options.loopCount = 1
    options.drainTimeout = .seconds(20)
    let bytes = pattern(90_000)
    var events = Events()
    events.onOpened = { connection in
      connection.write(bytes)
      return .none
    }
    let listener = Listener("tcp://127.0.0.1:0", Service(events), filter: { Framing($0) })
    let running = try start([listener], options: options)
    let client = try Client(running.server.addresses[0])
    client.setReceiveBuffer(4_096)
    try client.makeHandshake()
    running.shutdown()
    let isWhole = try Framing.unframed(client.receiveToEnd()) == bytes
    #expect(isWhole)
    client.close()
    try running.wait()
  }

  @Test("a client that uploads is told why it was refused", arguments: StreamTransport.allCases)
  func lingering(transport: StreamTransport) throws {
    let events = Events { connection, _ in
      connection.write("refused")
      return .close
    }
    try withFilter({ Framing($0) }, Service(events), transport: transport) { server in
      let client = try Client(server.addresses[0])
      try client.makeHandshake()
      let writer = client.sendInBackground(Framing.frames(pattern(2_000_000)))
      #expect(Framing.unframed(try client.receiveToEnd()) == Array("refused".utf8))
      client.close()
      writer.join()
      try require("it has gone") { server.connectionCount == 0 }
    }
  }

  @Test("time-outs hold through a filter", arguments: ["idle", "read", "own"])
  func timeouts(kind: String) throws {
    let calls = Calls()
    var options = Options()
    if kind == "idle" { options.idleTimeout = .milliseconds(150) }
    if kind == "read" { options.readTimeout = .milliseconds(150) }
    let service = calls.service { connection in
      if kind == "own" { connection.setTimeout(.milliseconds(150)) }
      return .none
    }
    try withFilter({ Framing($0) }, service, options: options) { server in
      let client = try Client(server.addresses[0])
      try client.makeHandshake()
      try calls.waitForEnd()
      #expect(calls.values == ["opened", "closed \(Errno.timedOut)"])
      // An end that the handler has asked for is one in order.
      #expect(try client.receiveToEnd() == (kind == "own" ? [0] : []))
    }
  }

  @Test("an abort is a reset, without the filter's end")
  func abort() throws {
    let events = Events { connection, _ in
      connection.write("lost")
      connection.abort()
      return .none
    }
    try withFilter({ Framing($0) }, Service(events)) { server in
      let client = try Client(server.addresses[0])
      try client.makeHandshake()
      try client.send(Framing.frame("x"))
      #expect(throws: Errno.connectionReset) { try client.receiveToEnd() }
    }
  }

  @Test("a peer that is gone ends the connection, and what it had sent is offered before")
  func gone() throws {
    let calls = Calls()
    let service = calls.service { connection in
      connection.write(pattern(90_000))
      return .none
    }
    try withFilter({ Framing($0) }, service, options: Self.narrow) { server in
      let client = try Client(server.addresses[0])
      client.setReceiveBuffer(4_096)
      try client.makeHandshake()
      try require("output waits") { server.loops[0].statistics.pendingOutputBytes > 0 }
      try client.send(Framing.frame("last") + [0])
      client.close()
      try calls.waitForEnd()
      #expect(calls.values.prefix(2) == ["opened", "react last"])
      try require("nothing is left") { server.loops[0].statistics.pendingOutputBytes == 0 }
    }
  }

  @Test("an idle connection with a filter keeps no buffer")
  func memory() throws {
    let handles = Log<ConnectionHandle>()
    let capacities = Log<[Int]>()
    var events = Events.echo
    events.logHandles(handles)
    try withFilter({ Framing($0) }, Service(events)) { server in
      let client = try Client(server.addresses[0])
      try client.makeHandshake()
      let bytes = pattern(40_000)
      let writer = client.sendInBackground(Framing.frames(bytes))
      var received: [UInt8] = []
      // The end closes the last frame for the comparison.
      while Framing.unframed(received + [0])?.count != bytes.count {
        let part = try client.receive()
        try #require(!part.isEmpty)
        received += part
      }
      writer.join()
      handles.values[0].perform { connection in
        let state = connection.state
        let stage = state.pointee.filters!.pointee.stages[0]
        capacities.add([state.pointee.inbound.capacity, state.pointee.outbound.capacity, stage.pointee.unread.capacity])
        return .none
      }
      try require("it was looked at") { capacities.count == 1 }
      #expect(capacities.values == [[0, 0, 0]])
    }
  }
}
