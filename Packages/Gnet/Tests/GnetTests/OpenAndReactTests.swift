import RingBuffer
import Synchronization
import SystemPackage
import TestPeers
import TestSupport
import Testing

@testable import Gnet

@Suite("onOpened and react") struct OpenAndReactTests {
  @Test("onOpened comes first, and what it writes goes out first", arguments: StreamSetup.all)
  func opened(setup: StreamSetup) throws {
    let calls = Log<String>()
    var events = Events { connection, input in
      connection.write(moving: &input)
      return calls.note("react")
    }
    events.onOpened = { connection in
      connection.write("welcome ")
      return calls.note("opened")
    }
    events.onClosed = { _, _ in calls.note("closed") }
    try withServer(events, options: setup.options, on: [setup.address]) { server in
      let silent = try Client(server.address())
      #expect(try silent.receiveText(8) == "welcome ")
      silent.endOutput()
      #expect(try silent.receive() == [])
      try require("the connection is closed") { calls.count == 2 }
      try Client(server.address()).expectAnswer("welcome hi", to: "hi")
    }
    #expect(calls.values == ["opened", "closed", "opened", "react", "closed"])
  }

  @Test(
    "an action of onOpened is done after what it wrote was sent", arguments: StreamSetup.all,
    [Action.close, .detach, .shutdown])
  func openedAction(setup: StreamSetup, action: Action) throws {
    let (greeting, calls) = (pattern(3 << 20), Log<String>())
    var events = Events { _, _ in calls.note("react") }
    events.onOpened = { connection in
      connection.write(greeting)
      return action
    }
    events.onClosed = { _, error in calls.note("closed \(code(error))") }
    events.onDetached = { _, connection in
      try? connection.close()
      return calls.note("detached")
    }
    let server = try TestServer(events, options: setup.options, on: [setup.address])
    let client = try Client(server.address())
    #expect(try client.receiveToEnd() == greeting)
    if action == .shutdown { try server.waitForEnd() } else { try server.stop() }
    #expect(calls.values == [action == .detach ? "detached" : "closed 0"])
  }

  @Test("what react leaves is there the next time, ahead of what has come since", arguments: StreamSetup.all)
  func leftovers(setup: StreamSetup) throws {
    let events = Events { connection, input in
      connection.write("\(input.text),")
      if input.count >= 6 { input.discard(4) }
      return .none
    }
    try withServer(events, options: setup.options, on: [setup.address]) { server in
      let client = try Client(server.address())
      for (sent, seen) in [
        ("a", "a,"), ("bc", "abc,"), ("def", "abcdef,"), ("g", "efg,"), ("hijkl", "efghijkl,"), ("m", "ijklm,"),
      ] {
        try client.send(sent)
        #expect(try client.receiveText(seen.utf8.count) == seen)
      }
    }
  }

  @Test("a handler that waits for a whole message of any size sees it whole", arguments: StreamSetup.all)
  func longMessage(setup: StreamSetup) throws {
    let message = pattern(1 << 20)
    let events = Events { connection, input in
      if input.count >= message.count { connection.write(input.readAll() == message ? "same" : "else") }
      return .none
    }
    try withServer(events, options: setup.options, on: [setup.address]) { server in
      let client = try Client(server.address())
      try client.send(message)
      #expect(try client.receiveText(4) == "same")
    }
  }

  @Test("a wake brings one more react with the unread bytes, and no turn without need", arguments: StreamSetup.all)
  func wake(setup: StreamSetup) throws {
    let reacts = Log<String>()
    var events = Events { connection, input in
      reacts.add(input.text)
      if !input.isEmpty && reacts.count < 6 {
        connection.wake()
        connection.wake()
      }
      return .none
    }
    events.onOpened = { connection in
      connection.wake()
      return .none
    }
    try withServer(events, options: setup.options, on: [setup.address]) { server in
      let client = try Client(server.address())
      try require("the wake of onOpened has come") { reacts.count == 1 }
      try client.send("x")
      try require("the wakes have come") { reacts.count == 6 }
      try expectIdle(server)
    }
    #expect(reacts.values == ["", "x", "x", "x", "x", "x"])
  }

  @Test("a connection that wakes itself without end lets others have their turn")
  func endlessWake() throws {
    let events = Events { connection, input in
      if connection.context != nil || input.text == "spin" {
        connection.context = Counter()
        connection.wake()
      } else {
        connection.write(moving: &input)
      }
      return .none
    }
    try withServer(events) { server in
      let spinning = try Client(server.address())
      try spinning.send("spin")
      let other = try Client(server.address())
      for _ in 0..<20 { try other.expectEcho("hello") }
    }
  }

  @Test(
    "an action of react is done after what it wrote was sent", arguments: StreamSetup.all,
    [Action.close, .detach, .shutdown])
  func reactAction(setup: StreamSetup, action: Action) throws {
    let (answer, calls) = (pattern(3 << 20), Log<String>())
    var events = Events { connection, input in
      calls.add("react \(input.readText())")
      connection.write(answer)
      return action
    }
    events.onClosed = { connection, error in calls.note("closed \(code(error)) \(connection.pendingWriteCount)") }
    let box = DetachedBox()
    events.onDetached = { connection, detached in
      box.put(detached)
      return calls.note("detached \(connection.pendingWriteCount)")
    }
    let server = try TestServer(events, options: setup.options, on: [setup.address])
    let client = try Client(server.address())
    try client.send("x")
    // Bytes that come while the end is pending are not offered any more.
    try require("the answer is on its way") { calls.count > 0 }
    if action != .shutdown { try client.send("y") }
    #expect(try client.receive(exactly: answer.count) == answer)
    if action != .detach { #expect(try client.receive() == []) }
    client.close()
    if action == .shutdown { try server.waitForEnd() } else { try server.stop() }
    #expect(calls.values == ["react x", action == .detach ? "detached 0" : "closed 0 0"])
  }

  @Test(
    "a pending close is not downgraded by a wake, a detach or a handle", arguments: StreamSetup.all,
    [Action.none, .detach, .close])
  func pendingClose(setup: StreamSetup, action: Action) throws {
    let (answer, calls) = (pattern(3 << 20), Log<String>())
    let handles = Log<ConnectionHandle>()
    var events = Events { connection, input in
      calls.add("react")
      connection.write(answer)
      connection.close()
      connection.write("too late")
      connection.wake()
      handles.add(connection.handle)
      return action
    }
    events.onClosed = { _, error in calls.note("closed \(code(error))") }
    events.onDetached = { _, _ in calls.note("detached") }
    try withServer(events, options: setup.options, on: [setup.address]) { server in
      let client = try Client(server.address())
      try client.send("x")
      try require("react has come") { handles.count == 1 }
      #expect(!handles.values[0].wake() && !handles.values[0].write("too late") && !handles.values[0].close())
      #expect(try client.receiveToEnd() == answer)
      try require("the connection is closed") { calls.count >= 2 }
    }
    #expect(calls.values == ["react", "closed 0"])
  }

  @Test("a server without callbacks takes connections, bytes and datagrams, and drops them", arguments: [1, 3])
  func noCallbacks(loopCount: Int) throws {
    let addresses = ["tcp://127.0.0.1:0", "unix://\(Files.temporaryPath())", "udp://127.0.0.1:0"]
    try withServer(Events(), options: Options(loopCount: loopCount), on: addresses) { server in
      for round in 0..<3 {
        let clients = try (0..<8).map { try Client(server.address($0 % 2)) }
        for client in clients { try client.send(pattern(100_000)) }
        try Client(server.address(2), datagrams: true).send("x")
        try require("all are open") { server.server.connectionCount == 8 }
        for (index, client) in clients.enumerated() {
          if index % 3 == 0 && round > 0 { client.reset() } else { client.endOutput() }
        }
        for (index, client) in clients.enumerated() where index % 3 != 0 || round == 0 {
          #expect(try client.receive() == [])
        }
        try require("all are gone") { server.server.connectionCount == 0 }
      }
      try require("all bytes were read") {
        server.server.loops.reduce(0) { $0 + $1.statistics.connectionsClosed } == 24
      }
      try expectIdle(server)
    }
  }
}
