import GnetCodecs
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

/// Handlers that stop at `isOutputFull`.
@Suite struct FullOutputTests {
  /// An answer that is not the one to its request.
  private struct WrongAnswer: Error {}

  static let answerCount = 100_000

  /// Answers each request of eight bytes with `size` bytes, which begin with the request: in a loop of its own, or in that
  /// of `forEachFrame`.
  static func answering(_ size: Int = answerCount, byFrames: Bool = false) -> Events {
    let body = pattern(size - 8)
    let codec = FixedLengthCodec(frameLength: 8)
    return Events { connection, input in
      if byFrames {
        let action = try? connection.forEachFrame(of: codec, in: &input) { connection, request in
          connection.write(request)
          connection.write(body)
          return .none
        }
        return action ?? .close
      }
      while input.count >= 8 && !connection.isOutputFull {
        connection.write(input.read(8))
        connection.write(body)
      }
      return .none
    }
  }

  static func request(_ number: Int) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }
  static func requests(_ count: Int) -> [UInt8] { (0..<count).flatMap { request($0) } }

  /// Reads answers until the end of the stream, and returns how many have come whole and in order.
  static func readAnswers(_ client: Client, size: Int = answerCount, _ look: (Int) -> Void = { _ in }) throws -> Int {
    let body = pattern(size - 8)
    var (count, answer) = (0, [UInt8]())
    answer.reserveCapacity(size)
    try client.receiveToEnd { _, bytes in
      var rest = bytes
      while !rest.isEmpty {
        let taken = rest.prefix(size - answer.count)
        answer += taken
        rest = rest.dropFirst(taken.count)
        guard answer.count == size else { continue }
        let isRight = unsafe answer.withUnsafeBytes { answer in
          unsafe body.withUnsafeBytes { body in
            unsafe memcmp(answer.baseAddress! + 8, body.baseAddress!, size - 8) == 0
          }
        }
        guard isRight, Array(answer[..<8]) == request(count) else { throw WrongAnswer() }
        count += 1
        answer.removeAll(keepingCapacity: true)
        look(count)
      }
    }
    return answer.isEmpty ? count : -1
  }

  @Test(
    "requests that are left while output is full are answered when it has drained, in order and also behind the end of the peer's stream",
    arguments: StreamTransport.allCases, [(false, false), (false, true), (true, false), (true, true)])
  func pipelined(transport: StreamTransport, variant: (byFrames: Bool, endsFirst: Bool)) throws {
    let endsFirst = variant.endsFirst
    try withServer(Self.answering(byFrames: variant.byFrames), on: [transport.address()]) { server in
      let client = try Client(server.address())
      try client.send(Self.requests(300))
      if endsFirst { client.endOutput() }
      try server.waitUntilReadingStops()
      #expect(server.sum(\.pendingOutputBytes) < 1 << 20 + Self.answerCount, "one answer above the watermark at most")
      let sender = SendableClient(client)
      if !endsFirst {
        // The answers to come are looked at below.
        TestThread.detach {
          try? sender.client.send(Self.request(300))
          sender.client.endOutput()
        }
      }
      #expect(try Self.readAnswers(client) == (endsFirst ? 300 : 301))
    }
  }

  @Test(
    "with half-closure, requests left at the end of the peer's stream are answered, and the handler hears of the end",
    arguments: StreamTransport.allCases)
  func halfClosure(transport: StreamTransport) throws {
    let answer = Self.answering().react
    let events = Events { connection, input in
      let action = answer?(&connection, &input) ?? Action.none
      return connection.isInputEnded && input.isEmpty ? .close : action
    }
    var options = Options()
    options.allowHalfClosure = true
    try withServer(events, options: options, on: [transport.address()]) { server in
      let client = try Client(server.address())
      try client.send(Self.requests(300))
      client.endOutput()
      #expect(try Self.readAnswers(client) == 300)
    }
  }

  @Test(
    "a handler that stops at the watermark never stalls, whatever the watermarks are",
    arguments: [(0, 0), (1, 0), (1, 1), (1, 1 << 20), (100_000, 100_000), (65536, 0), (1 << 20, 1 << 20)],
    [StreamTransport.tcp4, .unix])
  func watermarks(marks: (high: Int, low: Int), transport: StreamTransport) throws {
    let drained = Counter()
    var events = Self.answering(10_000)
    events.onDrained = { _ in drained.note() }
    var options = Options()
    options.outboundHighWatermark = marks.high
    options.outboundLowWatermark = marks.low
    try withServer(events, options: options, on: [transport.address()]) { server in
      let client = try Client(server.address())
      try client.send(Self.requests(500))
      client.endOutput()
      #expect(try Self.readAnswers(client, size: 10_000) == 500)
      if marks.high <= 10_000 { #expect(drained.value >= 499) }
    }
  }

  @Test("react is never called while output is at or above the watermark", arguments: StreamTransport.allCases)
  func neverAbove(transport: StreamTransport) throws {
    let high = 200_000
    let highest = Log<Int>()
    let events = Events { connection, input in
      highest.add(connection.pendingWriteCount)
      var sum = 0
      while !connection.isOutputFull, let byte = input.readByte() {
        connection.write(pattern(Int(byte) * 1000))
        sum += 1
      }
      return .none
    }
    var options = Options()
    options.outboundHighWatermark = high
    options.outboundLowWatermark = 50_000
    try withOpenConnection(events, options: options, on: transport) { _, client, handle in
      let sender = SendableClient(client)
      let (expected, pushed, finished) = (Counter(), Counter(), Counter())
      TestThread.detach {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<400 {
          let byte = UInt8.random(in: 1...250, using: &generator)
          expected.add(Int(byte) * 1000)
          try? sender.client.send([byte])
          if handle.offer(pattern(3000)) == .taken { pushed.add(3000) }
          handle.wake()
          handle.perform { _ in .none }
        }
        sender.client.endOutput()
        finished.add()
      }
      let count = try client.receiveToEnd().count
      try require("all was sent") { finished.value == 1 }
      #expect(count == expected.value + pushed.value)
    }
    #expect(highest.values.max() ?? 0 < high)
  }

  @Test("drained is called once for each time that the output has fallen", arguments: StreamTransport.allCases)
  func once(transport: StreamTransport) throws {
    let drained = Log<Int>()
    var events = Events { connection, input in
      input.removeAll()
      connection.write(pattern(16 << 20))
      return .none
    }
    events.onDrained = { connection in drained.note(connection.pendingWriteCount) }
    try withServer(events, on: [transport.address()]) { server in
      let client = try Client(server.address())
      for round in 1...4 {
        try client.send("x")
        #expect(try client.receive(exactly: 16 << 20).count == 16 << 20)
        try require("the drain is told") { drained.count == round }
      }
      try expectIdle(server)
      #expect(drained.count == 4)
      for pending in drained.values { #expect(pending <= 256 << 10) }
    }
  }

  @Test(
    "drained may answer, close, detach and end the server as every callback",
    arguments: [Action.close, .detach, .shutdown])
  func actions(action: Action) throws {
    let detached = DetachedBox()
    var events = Events { connection, input in
      input.removeAll()
      connection.write(pattern(8 << 20))
      return .none
    }
    events.onDrained = { connection in
      connection.write("drained")
      return action
    }
    events.onDetached = { _, connection in
      detached.put(connection)
      return .none
    }
    let server = try TestServer(events)
    let client = try Client(server.address())
    try client.send("x")
    #expect(try client.receive(exactly: 8 << 20).count == 8 << 20)
    #expect(try client.receiveText(7) == "drained")
    if action == .detach { try detached.take().close() }
    #expect(try client.receiveToEnd() == [])
    try server.stop()
  }

  @Test("a wake while output is full is kept until the drain, and perform runs at once")
  func wakes() throws {
    let calls = Log<String>()
    let handles = Log<ConnectionHandle>()
    var events = Events()
    events.logHandles(handles)
    events.react = { connection, input in
      calls.add("react \(input.readText())")
      if calls.count == 1 {
        connection.write(pattern(8 << 20))
        connection.wake()
      }
      return .none
    }
    events.onDrained = { _ in calls.note("drained") }
    try withServer(events) { server in
      let client = try Client(server.address())
      try client.send("x")
      try require("it is full") { calls.count == 1 && server.sum(\.pendingOutputBytes) >= 1 << 20 }
      let handle = handles.values[0]
      #expect(handle.wake())
      #expect(handle.offer([1]) == .full)
      #expect(
        handle.perform { connection in
          calls.add("perform \(connection.isOutputFull)")
          return .none
        })
      #expect(handle.wake())
      try require("perform has run") { calls.count == 2 }
      #expect(try client.receive(exactly: 8 << 20).count == 8 << 20)
      try require("the wakes are served") { calls.count >= 4 }
      try expectIdle(server)
    }
    #expect(calls.values == ["react x", "perform true", "drained", "react "])
  }

  @Test("an offer is taken, refused while output is full, and refused for good when the connection has gone")
  func offers() throws {
    try withOpenConnection(Events()) { server, client, handle in
      let piece = pattern(100_000)
      var taken = 0
      try require("it is full") {
        switch handle.offer(piece) {
        case .taken: taken += 1
        case .full: return server.sum(\.pendingOutputBytes) >= 1 << 20
        case .gone: Issue.record("gone")
        }
        return false
      }
      let offer = handle.offer(piece.span)
      #expect(offer == .full)
      #expect(!handle.write(piece) && !handle.write(piece[1...]) && !handle.write("text"))
      #expect(try client.receive(exactly: taken * piece.count).count == taken * piece.count)
      try require("it has drained") { handle.offer(piece) == .taken }
      handle.close()
      #expect(handle.offer(piece) == .gone)
      #expect(try client.receiveToEnd() == piece)
      #expect(handle.offer([]) == .gone)
    }
  }

  @Test("bytes of spans, slices, other collections and texts arrive in the order of the calls")
  func collections() throws {
    try withOpenConnection(Events()) { _, client, handle in
      let bytes = Array("abcdef".utf8)
      let isTaken = handle.write(bytes.span)
      #expect(isTaken && handle.write(bytes[2..<4]))
      #expect(handle.write(bytes.lazy.reversed()))
      #expect(handle.write("-" + "x"[...]))
      #expect(handle.write([1, 2, 3]))
      #expect(handle.write([UInt8]()))
      let offer = handle.offer([UInt8](repeating: 121, count: 1).span)
      #expect(offer == .taken)
      let received = try client.receive(exactly: 20)
      #expect(received == Array("abcdefcdfedcba-x".utf8) + [1, 2, 3] + Array("y".utf8))
    }
  }

  @Test("who was refused by a full output is told of its drain, whatever of it the kernel had taken at once")
  func refusedIsTold() throws {
    let drained = Counter()
    var events = Events { _, _ in .none }
    events.onDrained = { _ in drained.note() }
    var options = Options()
    options.outboundHighWatermark = 100_000
    try withOpenConnection(events, options: options) { server, client, handle in
      let gate = try server.server.loops[0].hold()
      // Sent in two pieces below the watermark: in between, the handler is called.
      #expect(handle.offer(pattern(60_000)) == .taken)
      #expect(handle.wake())
      #expect(handle.offer(pattern(60_000)) == .taken)
      #expect(handle.offer(pattern(1)) == .full)
      gate.open()
      try require("the drain is told") { drained.value == 1 }
      #expect(handle.offer([1]) == .taken)
      #expect(try client.receive(exactly: 120_001).count == 120_001)
    }
  }

  #if os(Linux)
    @Test(
      "3,000 pipelined requests for 100 KB each cost at most 4 MiB, however late the client reads",
      .enabled(if: !isSanitized, "a sanitizer has memory of its own"))
    func memory() async {
      await #expect(processExitsWith: .success) { try measureFullOutput(byFrames: false, .tcp4) }
      await #expect(processExitsWith: .success) { try measureFullOutput(byFrames: false, .unix) }
      await #expect(processExitsWith: .success) { try measureFullOutput(byFrames: true, .tcp4) }
    }
  #endif
}

#if os(Linux)
  private func measureFullOutput(byFrames: Bool, _ transport: StreamTransport) throws {
    try withServer(FullOutputTests.answering(byFrames: byFrames), on: [transport.address()]) { server in
      // The memory of the client's side is there before it counts.
      let warm = try Client(server.address())
      try warm.send(FullOutputTests.requests(3))
      warm.endOutput()
      try #require(try FullOutputTests.readAnswers(warm) == 3)
      let client = try Client(server.address())
      let requests = FullOutputTests.requests(3000)
      let before = ProcessState.memory
      try client.send(requests)
      client.endOutput()
      try server.waitUntilReadingStops()
      var highest = ProcessState.memory - before
      let count = try FullOutputTests.readAnswers(client) { count in
        if count % 20 == 0 { highest = max(highest, ProcessState.memory - before) }
      }
      try #require(count == 3000, "\(count) answers")
      // libkqueue has memory of its own.
      try #require(highest <= (isKqueueEmulated ? 5 : 4) << 20, "\(highest) bytes")
    }
  }
#endif
