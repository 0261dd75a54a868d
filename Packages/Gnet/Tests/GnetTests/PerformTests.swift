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

/// Closures that a handle has run with its connection.
@Suite struct PerformTests {
  @Test(
    "performed closures and writes of one thread take effect in their order, from several threads under load",
    arguments: StreamTransport.allCases)
  func order(transport: StreamTransport) throws {
    try withOpenConnection(.echo, on: transport) { _, client, handle in
      let (threadCount, callCount, finished) = (4, 2000, Counter())
      for thread in 0..<threadCount {
        TestThread.detach {
          for number in 0..<callCount {
            let piece: [UInt8] = [UInt8(thread), UInt8(truncatingIfNeeded: number), UInt8(number >> 8)]
            if number % 3 == 0 {
              handle.perform { connection in
                connection.write(piece)
                return .none
              }
            } else {
              while handle.offer(piece) == .full { _ = poll(nil, 0, 1) }
            }
            if number % 100 == 0 { handle.wake() }
          }
          finished.add()
        }
      }
      let bytes = try client.receive(exactly: threadCount * callCount * 3)
      #expect(bytes.count == threadCount * callCount * 3)
      var next = [Int](repeating: 0, count: threadCount)
      var areInOrder = true
      for index in stride(from: 0, to: bytes.count, by: 3) {
        let number = Int(bytes[index + 1]) | Int(bytes[index + 2]) << 8
        areInOrder = areInOrder && next[Int(bytes[index])] == number
        next[Int(bytes[index])] += 1
      }
      #expect(areInOrder && next == [Int](repeating: callCount, count: threadCount))
      try require("all have finished") { finished.value == threadCount }
    }
  }

  @Test(
    "the answer of a performed closure is done, and what it wrote goes out before",
    arguments: [Action.close, .detach, .shutdown])
  func actions(action: Action) throws {
    let (handles, closed, detached) = (Log<ConnectionHandle>(), Log<Int32>(), DetachedBox())
    var events = Events.echo.logging(handles, closed: closed)
    events.onDetached = { _, connection in
      detached.put(connection)
      return .none
    }
    let server = try TestServer(events)
    let client = try Client(server.address())
    try require("it is open") { handles.count == 1 }
    #expect(
      handles.values[0].perform { connection in
        connection.write("last")
        return action
      })
    #expect(try client.receiveText(4) == "last")
    if action == .detach { try detached.take().close() }
    #expect(try client.receiveToEnd() == [])
    if action == .shutdown { try server.waitForEnd() } else { try server.stop() }
    #expect(closed.values == (action == .detach ? [] : [0]))
  }

  @Test("a closure for a connection that has gone is refused and released, and so is one that comes too late")
  func gone() throws {
    let (handles, released, ran) = (Log<ConnectionHandle>(), Counter(), Counter())
    let gate = Gate()
    let events = Events { _, input in
      input.removeAll()
      gate.pass()
      return .close
    }.logging(handles)
    try withServer(events) { server in
      let client = try Client(server.address())
      try client.send("x")
      try require("the loop is busy") { gate.arrived == 1 }
      let handle = handles.values[0]
      func perform() -> Bool {
        let witness = Witness(released)
        return handle.perform { _ in
          withExtendedLifetime(witness) { _ = ran.add() }
          return .none
        }
      }
      #expect(perform())
      gate.open()
      #expect(try client.receiveToEnd() == [])
      try require("the late one is released") { released.value == 1 }
      #expect(!perform())
      #expect(released.value == 2 && ran.value == 0)
    }
  }

  @Test("a closure may reach everything a callback may: time-outs, pauses, another service")
  func reach() throws {
    var events = Events.echo
    events.onTimeout = { connection in
      connection.write("timed out")
      return .close
    }
    try withOpenConnection(events) { _, client, handle in
      handle.perform { connection in
        connection.isReadingPaused = true
        connection.write("paused")
        return .none
      }
      #expect(try client.receiveText(6) == "paused")
      try client.send("held")
      handle.perform { connection in
        connection.isReadingPaused = false
        return .none
      }
      #expect(try client.receiveText(4) == "held")
      handle.perform { connection in
        connection.setTimeout(.milliseconds(1))
        return .none
      }
      #expect(try client.receiveToEnd() == Array("timed out".utf8))
    }
  }

  @Test("a closure performed from the connection's own callback runs after it")
  func fromOwnCallback() throws {
    let events = Events { connection, input in
      input.removeAll()
      connection.handle.perform { connection in
        connection.write("2")
        return .close
      }
      connection.write("1")
      return .none
    }
    try withServer(events) { server in
      try Client(server.address()).expectLastAnswer("12", to: "x")
    }
  }
}

extension Connection {
  /// The handles but for that of this connection.
  fileprivate func others(in handles: Log<ConnectionHandle>) -> [ConnectionHandle] {
    let own = handle
    return handles.values.filter { $0 != own }
  }
}

/// Connections of one loop that reach each other at once.
@Suite struct WithConnectionTests {
  @Test("a callback writes to another connection of its loop at once", arguments: StreamTransport.allCases)
  func relay(transport: StreamTransport) throws {
    let handles = Log<ConnectionHandle>()
    let events = Events { connection, input in
      let bytes = input.readAll()
      connection.write("<")
      for handle in connection.others(in: handles) {
        let isReached = handle.withConnection { other in
          other.write(bytes)
          other.write("!")
          return true
        }
        connection.write(isReached == true ? "+" : "-")
      }
      connection.write(">")
      return .none
    }.logging(handles)
    try withServer(events, on: [transport.address()]) { server in
      let (first, second) = try server.connectTwo(handles)
      for round in 0..<100 {
        try first.expectAnswer("<+>", to: "\(round % 10)")
        #expect(try second.receiveText(2) == "\(round % 10)!")
        try second.expectAnswer("<+>", to: "y")
        #expect(try first.receiveText(2) == "y!")
      }
    }
  }

  @Test("large outputs of both connections stay whole and in order")
  func whole() throws {
    let handles = Log<ConnectionHandle>()
    let events = Events { connection, input in
      input.removeAll()
      for _ in 0..<3 {
        connection.write(pattern(300_000))
        for handle in connection.others(in: handles) {
          handle.withConnection { $0.write(pattern(500_000)) }
        }
      }
      return .none
    }.logging(handles)
    try withServer(events) { server in
      let (first, second) = try server.connectTwo(handles)
      try first.send("x")
      for _ in 0..<3 { #expect(try isPattern(second.receive(exactly: 500_000), 500_000)) }
      for _ in 0..<3 { #expect(try isPattern(first.receive(exactly: 300_000), 300_000)) }
      try second.send("x")
      for _ in 0..<3 { #expect(try isPattern(first.receive(exactly: 500_000), 500_000)) }
      for _ in 0..<3 { #expect(try isPattern(second.receive(exactly: 300_000), 300_000)) }
      try expectIdle(server)
    }
  }

  @Test("it is nil from own callbacks, on other threads, on other loops, and when the connection has gone")
  func unreachable() throws {
    let handles = Log<ConnectionHandle>()
    let answers = Log<String>()
    @Sendable func reach(_ name: String, _ handle: ConnectionHandle) {
      answers.add("\(name) \(handle.withConnection { _ in true } ?? false)")
    }
    var events = Events { connection, input in
      let text = input.readText()
      if text == "own" { reach(text, connection.handle) }
      if text == "other" { reach(text, handles.values[0]) }
      connection.write(text)
      return .none
    }.logging(handles)
    events.preWrite = { connection, _ in
      if answers.values.contains("own false"), !answers.values.contains("preWrite false") {
        reach("preWrite", connection.handle)
      }
    }
    events.onClosed = { connection, _ in
      reach("closed", connection.handle)
      return .none
    }
    try withServer(events, options: Options(loopCount: 2)) { server in
      let (first, second) = try server.connectTwo(handles)
      reach("thread", handles.values[0])
      try second.expectEcho("other")
      try first.expectEcho("own")
      first.endOutput()
      #expect(try first.receiveToEnd() == [])
      let third = try Client(server.address())
      try require("the third is open") { handles.count == 3 }
      try third.expectEcho("other")
    }
    #expect(
      answers.values.prefix(6) == [
        "thread false", "other false", "own false", "preWrite false", "closed false", "other false",
      ])
  }

  @Test("it nests, but not into a connection that is lent already")
  func nested() throws {
    let handles = Log<ConnectionHandle>()
    let events = Events { connection, input in
      input.removeAll()
      let all = handles.values
      connection.write("1")
      all[1].withConnection { second in
        second.write("2")
        all[2].withConnection { third in
          third.write("3")
          let areNil = all[0].withConnection { _ in } == nil && all[1].withConnection { _ in } == nil
          third.write(areNil ? "nil" : "not nil")
        }
        second.write("b")
      }
      connection.write("a")
      return .none
    }.logging(handles)
    try withServer(events) { server in
      let clients = try server.connect(3, handles)
      try clients[0].send("x")
      #expect(try clients[0].receiveText(2) == "1a")
      #expect(try clients[1].receiveText(2) == "2b")
      #expect(try clients[2].receiveText(4) == "3nil")
    }
  }

  @Test("it works from timers and tasks of the loop, and from the last callbacks of other connections")
  func places() async throws {
    let handles = Log<ConnectionHandle>()
    var events = Events.echo.logging(handles)
    events.onClosed = { _, _ in
      _ = handles.values[0].withConnection { $0.write("closed.") }
      return .none
    }
    events.onDetached = { _, _ in
      _ = handles.values[0].withConnection { $0.write("detached.") }
      return .none
    }
    events.react = { _, input in input.readText() == "detach" ? .detach : .close }
    let server = try TestServer(events)
    let client = try Client(server.address())
    try require("it is open") { handles.count == 1 }
    let loop = server.server.loops[0]
    let handle = handles.values[0]
    loop.schedule(after: .milliseconds(1)) { handle.withConnection { $0.write("timer.") } }.keep()
    #expect(try client.receiveText(6) == "timer.")
    let isReached = await Task(executorPreference: loop) { handle.withConnection { $0.write("task.") } != nil }.value
    #expect(isReached)
    #expect(try client.receiveText(5) == "task.")
    try Client(server.address()).send("detach")
    #expect(try client.receiveText(9) == "detached.")
    try Client(server.address()).send("close")
    #expect(try client.receiveText(7) == "closed.")
    try server.stop()
  }

  @Test("close and abort inside take effect, with what was written before a close", arguments: [false, true])
  func ends(aborts: Bool) throws {
    let (handles, closed) = (Log<ConnectionHandle>(), Log<Int32>())
    let events = Events { connection, input in
      input.removeAll()
      handles.values[0].withConnection { other in
        other.write("last")
        if aborts { other.abort() } else { other.close() }
        other.write("dropped")
      }
      connection.write("own")
      return .none
    }.logging(handles, closed: closed)
    try withServer(events) { server in
      let (first, second) = try server.connectTwo(handles)
      try second.send("x")
      if aborts {
        #expect(throws: Errno.connectionReset) { try first.receiveToEnd() }
      } else {
        #expect(try first.receiveToEnd() == Array("last".utf8))
      }
      #expect(try second.receiveText(3) == "own")
      try closed.expectEnd(with: aborts ? .connectionAbort : nil)
      #expect(!handles.values[0].isOpen)
    }
  }

  @Test(
    "a relay that holds its source while the target's output is full goes on at the drain, and stays bounded",
    arguments: StreamTransport.allCases)
  func slowTarget(transport: StreamTransport) throws {
    let (handles, highest) = (Log<ConnectionHandle>(), Log<Int>())
    var events = Events.echo.logging(handles)
    // From the first connection to the second.
    events.react = { connection, input in
      guard connection.handle == handles.values[0] else {
        highest.add(connection.pendingWriteCount)
        input.removeAll()
        return .none
      }
      let bytes = input.readAll()
      let isFull = handles.values[1].withConnection { target in
        target.write(bytes)
        highest.add(target.pendingWriteCount)
        return target.isOutputFull
      }
      if isFull == true { connection.isReadingPaused = true }
      return .none
    }
    events.onDrained = { _ in
      handles.values[0].withConnection { $0.isReadingPaused = false }
      return .none
    }
    var options = Options()
    // A watermark below the size of the kernel's buffer.
    options.outboundHighWatermark = 20_000
    options.outboundLowWatermark = 5_000
    options.readBufferCapacity = 30_000
    try withServer(events, options: options, on: [transport.address()]) { server in
      let (source, target) = try server.connectTwo(handles)
      let sender = SendableClient(source)
      let finished = Counter()
      TestThread.detach {
        for _ in 0..<16 { try? sender.client.send(pattern(1 << 20)) }
        finished.add()
      }
      try server.waitUntilReadingStops()
      for _ in 0..<16 { #expect(try isPattern(target.receive(exactly: 1 << 20), 1 << 20)) }
      try require("all was sent") { finished.value == 1 }
    }
    #expect(highest.values.max() ?? 0 < 20_000 + 30_000)
  }

  @Test("a connection that another one has filled is not called to react in the same turn")
  func sameTurn() throws {
    let (handles, atEntry) = (Log<ConnectionHandle>(), Log<Int>())
    let events = Events { connection, input in
      input.removeAll()
      // Whichever comes first fills the other.
      atEntry.add(connection.pendingWriteCount)
      for handle in connection.others(in: handles) {
        handle.withConnection { $0.write(pattern(100_000)) }
      }
      return .none
    }.logging(handles)
    var options = Options()
    options.outboundHighWatermark = 50_000
    options.outboundLowWatermark = 10_000
    try withServer(events, options: options) { server in
      let (first, second) = try server.connectTwo(handles)
      let gate = try server.server.loops[0].hold()
      // Both are ready in one turn.
      try first.send("x")
      try second.send("x")
      gate.open()
      #expect(try second.receive(exactly: 100_000).count == 100_000)
      #expect(try first.receive(exactly: 100_000).count == 100_000)
    }
    #expect(atEntry.count == 2 && atEntry.values.max() ?? 0 < 50_000)
  }

  @Test("on a datagram's handle it does nothing")
  func datagram() throws {
    let events = Events { connection, input in
      input.removeAll()
      let handle = connection.handle
      let isNil = handle.withConnection { _ in } == nil
      connection.write("\(isNil) \(handle.perform { _ in .none })")
      return .none
    }
    try withServer(events, on: ["udp://127.0.0.1:0"]) { server in
      let client = try Client(server.address(), datagrams: true)
      try client.send("x")
      #expect(try client.receiveText() == "true false")
    }
  }
}
