import RingBuffer
import Synchronization
import SystemPackage
import TestPeers
import TestSupport
import Testing

@testable import Gnet

@Suite("writing") struct WriteTests {
  /// Writes the same twelve bytes in every way there is.
  private static func writeInEveryWay(_ connection: inout Connection) {
    let bytes = Array("hello world!".utf8)
    connection.write(bytes)
    connection.write("hello world!")
    connection.write(bytes.span)
    unsafe connection.write(bytes.span.bytes)
    connection.write(bytes[...])
    connection.write("hello world!".utf8)
    connection.write(bytes.lazy.map { $0 })
    connection.write(String("!dlrow olleh".reversed()))
    connection.write(Array(bytes.reversed()).reversed())
    var ring = RingBuffer()
    ring.write(bytes)
    connection.write(moving: &ring)
    #expect(ring.count == 0)
    var wrapped = wrappedRing(bytes)
    connection.write(moving: &wrapped)
    #expect(wrapped.count == 0)
  }

  private static let ways = 11

  /// A ring whose unread bytes lie in two segments.
  private static func wrappedRing(_ bytes: [UInt8]) -> RingBuffer {
    var ring = RingBuffer(minimumCapacity: bytes.count)
    let offset = ring.capacity - bytes.count / 2
    ring.write([UInt8](repeating: 0, count: offset))
    ring.discard(offset)
    ring.write(bytes)
    return ring
  }

  @Test("bytes may be given in any form, and keep the order of the calls", arguments: StreamSetup.all)
  func overloads(setup: StreamSetup) throws {
    var events = Events()
    events.onOpened = { connection in
      Self.writeInEveryWay(&connection)
      return .none
    }
    events.react = { connection, input in
      input.removeAll()
      for _ in 0..<3 { Self.writeInEveryWay(&connection) }
      return .close
    }
    try withServer(events, options: setup.options, on: [setup.address]) { server in
      let client = try Client(server.address())
      try client.send("x")
      let all = String(decoding: try client.receiveToEnd(), as: UTF8.self)
      #expect(all == String(repeating: "hello world!", count: Self.ways * 4))
    }
  }

  @Test("each form is one datagram to a peer of datagrams")
  func datagramOverloads() throws {
    let events = Events { connection, input in
      Self.writeInEveryWay(&connection)
      return .none
    }
    try withServer(events, on: ["udp://127.0.0.1:0"]) { server in
      let client = try Client(server.address(), datagrams: true)
      try client.send("x")
      for _ in 0..<Self.ways { #expect(try client.receiveText() == "hello world!") }
    }
  }

  @Test("nothing written sends nothing, in any form")
  func nothing() throws {
    let sizes = Log<Int>()
    var events = Events()
    events.preWrite = { _, byteCount in sizes.add(byteCount) }
    events.react = { connection, input in
      connection.write([])
      connection.write("")
      connection.write(RawSpan())
      connection.write(EmptyCollection<UInt8>())
      var ring = RingBuffer()
      connection.write(moving: &ring)
      #expect(connection.pendingWriteCount == 0)
      return input.readText().hasSuffix("end") ? .close : .none
    }
    try withServer(events) { server in
      let client = try Client(server.address())
      try client.send("x")
      try client.send("end")
      #expect(try client.receiveToEnd() == [])
    }
    #expect(sizes.values == [])
  }

  @Test("small and large pieces, copied and moved, arrive in order while the peer is slow", arguments: StreamSetup.all)
  func mixedSizes(setup: StreamSetup) throws {
    let sizes = [1, 5000, 3, 100_000, 4096, 4097, 70_000, 1, 2, 300_000, 65536, 65537, 10]
    @Sendable func piece(_ round: Int, _ size: Int) -> [UInt8] { Array(pattern(size + round).suffix(size)) }
    let rounds = 12
    var expected: [UInt8] = []
    for round in 0..<rounds { for size in sizes { expected += piece(round, size) } }
    let events = Events { connection, input in
      for round in input.readAll() {
        for (index, size) in sizes.enumerated() {
          let bytes = piece(Int(round), size)
          if index % 2 == 0 {
            var ring = index % 4 == 0 ? Self.wrappedRing(bytes) : RingBuffer()
            if ring.count == 0 { ring.write(bytes) }
            connection.write(moving: &ring)
          } else {
            connection.write(bytes)
          }
        }
      }
      return .none
    }
    var options = setup.options
    options.socketSendBuffer = 131_072
    options.outboundHighWatermark = 1 << 30
    try withServer(events, options: options, on: [setup.address]) { server in
      let client = try Client(server.address())
      for round in 0..<rounds {
        try client.send([UInt8(round)])
        try require("the round is served") {
          server.server.loops.contains { $0.statistics.bytesRead == UInt64(round + 1) }
        }
        // Some of it is read in between, so that output is pending at some rounds.
        if round == 0 { #expect(try client.receive(exactly: 1000) == Array(expected[..<1000])) }
      }
      #expect(try client.receive(exactly: expected.count - 1000) == Array(expected[1000...]))
    }
  }

  @Test("pendingWriteCount tells what the kernel has not taken")
  func pendingWriteCount() throws {
    let counts = Log<Int>()
    var events = Events { connection, input in
      counts.add(connection.pendingWriteCount)
      connection.write("abc")
      counts.add(connection.pendingWriteCount)
      connection.write([UInt8](repeating: 0, count: 10_000))
      counts.add(connection.pendingWriteCount)
      return .close
    }
    events.onClosed = { connection, _ in counts.note(connection.pendingWriteCount) }
    try withServer(events) { server in
      let client = try Client(server.address())
      try client.send("x")
      #expect(try client.receiveToEnd().count == 10_003)
    }
    #expect(counts.values == [0, 3, 10_003, 0])
  }

  // MARK: preWrite

  @Test("preWrite comes once per callback that wrote, with the sum, before the bytes leave", arguments: StreamSetup.all)
  func preWrite(setup: StreamSetup) throws {
    let calls = Log<String>()
    let handles = Log<ConnectionHandle>()
    var events = Events()
    events.onOpened = { connection in
      handles.add(connection.handle)
      connection.write("wel")
      connection.write("come")
      return .none
    }
    events.preWrite = { connection, byteCount in
      calls.add("preWrite \(byteCount) of \(connection.pendingWriteCount) on \(connection.loop.index)")
    }
    events.react = { connection, input in
      let text = input.readText()
      calls.add("react \(text)")
      if text != "quiet" { for _ in 0..<3 { connection.write(text) } }
      return .none
    }
    try withServer(events, options: setup.options, on: [setup.address]) { server in
      let client = try Client(server.address())
      #expect(try client.receiveText(7) == "welcome")
      try client.expectAnswer("fourfourfour", to: "four")
      try client.send("quiet")
      try require("it was served") { calls.values.last == "react quiet" }
      #expect(handles.values[0].write("from elsewhere"))
      #expect(try client.receiveText(14) == "from elsewhere")
      let loop = server.server.loops.first { $0.statistics.accepts == 1 }!
      #expect(
        calls.values == [
          "preWrite 7 of 7 on \(loop.index)", "react four", "preWrite 12 of 12 on \(loop.index)", "react quiet",
          "preWrite 14 of 14 on \(loop.index)",
        ])
      try require("writes are counted") { loop.statistics.writes == 3 }
    }
  }

  @Test("preWrite comes before each attempt to send what is pending, with what is left")
  func preWriteOfPending() throws {
    let plan = FaultPlan()
    plan.shorten(.send, to: 100, times: 2)
    plan.fail(.send, with: .wouldBlock, times: 1, skipping: 2)
    let sizes = Log<Int>()
    var events = Events()
    events.preWrite = { _, byteCount in sizes.add(byteCount) }
    events.react = { connection, input in
      connection.write([UInt8](repeating: 7, count: 1000))
      return .close
    }
    try withServer(events, options: Options(faults: plan)) { server in
      let client = try Client(server.address())
      try client.send("x")
      #expect(try client.receiveToEnd() == [UInt8](repeating: 7, count: 1000))
    }
    #expect(sizes.values == [1000, 900, 800, 800])
    #expect(plan.remaining == 0)
  }
}
