import RingBuffer
import Synchronization
import TestPeers
import TestSupport
import Testing

@testable import Gnet

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// Notes every call.
private struct Recorder: Plugin {
  var name = ""
  let log: Log<String>
  let ticks = Log<(loop: Int, isOnLoop: Bool, thread: UInt, time: ContinuousClock.Instant)>()
  var delay: Duration? = .milliseconds(20)

  func started(_ server: Server) { log.add("\(name)started \(server.addresses.count)") }

  func tick(_ loop: EventLoop) -> Duration? {
    ticks.add((loop.index, loop.isCurrent, UInt(pthread_self()), .now))
    return delay
  }

  func preWrite(_ connection: inout Connection, byteCount: Int) {
    log.add("\(name)preWrite \(byteCount)" + (connection.loop.isCurrent ? "" : " elsewhere"))
  }

  func stopped(_ server: Server) { log.add("\(name)stopped \(server.connectionCount)") }
}

/// A plugin that leaves everything to the defaults.
private struct Idler: Plugin {}

@Suite struct PluginTests {
  @Test("started comes before everything, stopped after the last onClosed", arguments: [1, 2])
  func order(loopCount: Int) throws {
    let log = Log<String>()
    var events = Events()
    events.install(Recorder(log: log, delay: nil))
    events.onInitComplete = { _ in log.note("onInitComplete") }
    events.onOpened = { _ in log.note("onOpened") }
    events.onClosed = { _, _ in log.note("onClosed") }
    try withServer(events, options: Options(loopCount: loopCount)) { server in
      let clients = try (0..<2).map { _ in try Client(server.address()) }
      try require("both are open") { log.count == 4 }
      server.server.shutdown()
      withExtendedLifetime(clients) {}
    }
    #expect(
      log.values == ["started 1", "onInitComplete", "onOpened", "onOpened", "onClosed", "onClosed", "stopped 0"])
  }

  @Test("a server that is shut down by onInitComplete has started and stopped its plugins")
  func shutDownAtOnce() throws {
    let log = Log<String>()
    var events = Events()
    events.install(Recorder(log: log))
    events.onInitComplete = { _ in .shutdown }
    try TestServer(events).waitForEnd()
    #expect(log.values == ["started 1", "stopped 0"])
  }

  @Test("a server that does not start calls no plugin")
  func failedStart() throws {
    let log = Log<String>()
    var events = Events()
    events.install(Recorder(log: log))
    let failing = events
    #expect(throws: ServeError.self) { try serve(failing, on: ["nonsense"]) }
    #expect(log.values == [])
  }

  @Test("every loop ticks on its own thread, with the delay that the last tick returned", arguments: [1, 3])
  func ticks(loopCount: Int) throws {
    var events = Events.echo
    let recorder = Recorder(log: Log())
    events.install(recorder)
    events.install(Idler())
    try withServer(events, options: Options(loopCount: loopCount)) { server in
      try require("all have ticked") {
        (0..<loopCount).allSatisfy { index in recorder.ticks.values.count { $0.loop == index } >= 4 }
      }
    }
    let ticks = recorder.ticks.values
    #expect(ticks.allSatisfy { $0.isOnLoop })
    for index in 0..<loopCount {
      let own = ticks.filter { $0.loop == index }
      #expect(Set(own.map(\.thread)).count == 1)
      let delays = zip(own, own.dropFirst()).map { $1.time - $0.time }
      #expect(delays.allSatisfy { $0 >= .milliseconds(20) })
    }
    #expect(Set(ticks.map(\.loop)) == Set(0..<loopCount))
    #expect(Set(ticks.map(\.thread)).count == loopCount)
  }

  @Test("a tick that returns nil is the last one of its loop")
  func noMoreTicks() throws {
    var events = Events.echo
    let (once, often) = (Recorder(log: Log(), delay: nil), Recorder(log: Log(), delay: .milliseconds(1)))
    events.install(once)
    events.install(often)
    try withServer(events) { server in
      try require("the other has ticked") { often.ticks.count > 10 }
      #expect(once.ticks.count == 1)
    }
  }

  @Test("preWrite comes before every write to a socket, plugins first, in the order of installation")
  func preWrite() throws {
    let log = Log<String>()
    var events = Events()
    events.install(Recorder(name: "a ", log: log, delay: nil))
    events.install(Recorder(name: "b ", log: log, delay: nil))
    events.preWrite = { _, count in log.add("own preWrite \(count)") }
    events.react = { connection, input in
      if !input.isEmpty { log.add("react") }
      for byte in input.readAll() { connection.write([byte, byte]) }
      return .none
    }
    try withServer(events) { server in
      let client = try Client(server.address())
      try client.expectAnswer("1122334455", to: "12345")
      let calls = log.values.dropFirst(2)
      #expect(calls == ["react", "a preWrite 10", "b preWrite 10", "own preWrite 10"])
    }
  }

  @Test("preWrite is told what is offered, each time anew, until the kernel has taken it all")
  func preWriteOfPending() throws {
    let offered = Log<Int>()
    var events = Events()
    events.onOpened = { connection in
      connection.write(pattern(8 << 20))
      return .none
    }
    events.preWrite = { _, count in offered.add(count) }
    try withServer(events) { server in
      let loop = server.server.loops[0]
      let client = try Client(server.address())
      _ = try client.receive(exactly: 8 << 20)
      try require("it is counted") { loop.statistics.bytesWritten == 8 << 20 }
      #expect(offered.values[0] == 8 << 20)
      #expect(zip(offered.values, offered.values.dropFirst()).allSatisfy { $0 >= $1 })
      #expect(offered.count >= Int(loop.statistics.writes))
    }
  }

  @Test("a react that writes nothing is followed by no preWrite")
  func silentReact() throws {
    let (reacts, writes) = (Counter(), Counter())
    var events = Events { _, input in
      input.removeAll()
      reacts.add()
      return .none
    }
    events.preWrite = { _, _ in writes.add() }
    try withServer(events) { server in
      let client = try Client(server.address())
      try client.send("hello")
      try require("it has reacted") { reacts.value == 1 }
    }
    #expect(writes.value == 0)
  }
}
