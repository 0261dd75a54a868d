import RingBuffer
import Synchronization
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

@Suite("onClosed and onDetached") struct CloseAndDetachTests {
  /// Ways for a connection to end, and what `onClosed` is told.
  enum End: String, CaseIterable, Sendable {
    case peerEnds, peerCloses, peerResets, handlerCloses, handleCloses, idles, serverStops

    var error: Errno? {
      switch self {
      case .peerResets: .connectionReset
      case .idles: .timedOut
      default: nil
      }
    }
  }

  @Test(
    "onClosed comes exactly once, with the reason, and nothing comes after it", arguments: StreamSetup.all, End.allCases
  )
  func closed(setup: StreamSetup, end: End) throws {
    // A unix socket knows no reset.
    if end == .peerResets && setup.transport == .unix { return }
    let calls = Log<String>()
    let errors = Log<Errno?>()
    let handles = Log<ConnectionHandle>()
    let contexts = Counter()
    var events = Events { connection, input in
      calls.add("react \(input.readText()) \(connection.context is Witness)")
      connection.write("ok")
      return end == .handlerCloses ? .close : .none
    }
    events.giveContexts(contexts, handles)
    events.onClosed = { connection, error in
      calls.add("closed \(connection.context is Witness) \(connection.remoteAddress) \(connection.localAddress)")
      errors.add(error as? Errno)
      handles.add(connection.handle)
      connection.write("nobody reads this")
      connection.wake()
      connection.close()
      return .detach
    }
    events.onDetached = { _, _ in calls.note("detached") }
    var options = setup.options
    if end == .idles { options.idleTimeout = .milliseconds(60) }
    var expected: [String] = []
    try withServer(events, options: options, on: [setup.address]) { server in
      let client = try Client(server.address())
      expected = ["react hello true", "closed true \(try client.localAddress) \(server.address())"]
      try client.expectAnswer("ok", to: "hello")
      switch end {
      case .peerEnds: client.endOutput()
      case .peerCloses: client.close()
      case .peerResets: client.reset()
      case .handleCloses: #expect(handles.values[0].close())
      case .serverStops: server.server.shutdown()
      case .handlerCloses, .idles: break
      }
      if end != .peerCloses && end != .peerResets { #expect(try client.receive() == []) }
      try require("the connection is closed") { errors.count > 0 }
      if end != .serverStops {
        try require("the context is released") { contexts.value == 1 }
        client.close()
        try expectIdle(server)
      }
    }
    #expect(calls.values == expected)
    #expect(errors.count == 1)
    withErrnoOfReset(if: end == .peerResets) { #expect(errors.values == [end.error]) }
    #expect(contexts.value == 1)
    // The handle in `onClosed` is the one that was handed out before, and takes nothing any more.
    #expect(Set(handles.values).count == 1)
    #expect(handles.values.allSatisfy { !$0.isOpen && !$0.write("x") && !$0.wake() && !$0.close() })
  }

  @Test("onClosed may end the server", arguments: [1, 3])
  func closedShutdown(loopCount: Int) throws {
    var events = Events.echo
    events.onClosed = { _, _ in .shutdown }
    let server = try TestServer(events, options: Options(loopCount: loopCount))
    let others = try (0..<4).map { _ in try Client(server.address()) }
    for other in others { try other.expectEcho("x") }
    try Client(server.address()).send("x")
    try server.waitForEnd()
    for other in others { #expect(try other.receive() == []) }
  }

  @Test("a close with unread input does not destroy what was sent", arguments: StreamSetup.all)
  func closeWithUnreadInput(setup: StreamSetup) throws {
    let answer = pattern(400_000)
    let events = Events { connection, input in
      connection.write(answer)
      return .close
    }
    try withServer(events, options: setup.options, on: [setup.address]) { server in
      let client = try Client(server.address())
      let sender = SendableClient(client)
      let sent = Counter()
      TestThread.detach {
        try? sender.client.send(pattern(4 << 20))
        sent.add()
      }
      try require("the answer is sent, and the rest of the request on its way") {
        server.server.connectionCount == 0 && server.server.loops.contains { $0.statistics.connectionsClosed == 1 }
          || server.server.loops.contains { $0.statistics.pendingOutputBytes > 0 }
      }
      #expect(try client.receiveToEnd() == answer)
      try require("the request has left") { sent.value == 1 }
    }
  }

  // MARK: Detaching

  @Test("a detached connection brings what was unread, blocks, and works both ways", arguments: StreamSetup.all)
  func detached(setup: StreamSetup) throws {
    let box = DetachedBox()
    let calls = Log<String>()
    let contexts = Counter()
    let handles = Log<ConnectionHandle>()
    var events = Events { connection, input in
      guard input.count >= 9 else { return .none }
      input.discard(4)
      connection.write("going ")
      connection.write("now")
      return .detach
    }
    events.giveContexts(contexts, handles)
    events.onDetached = { connection, detached in
      calls.add(
        "\(connection.context is Witness) \(connection.remoteAddress) \(connection.localAddress) \(connection.addressIndex)"
      )
      handles.add(connection.handle)
      connection.write("into the void")
      connection.wake()
      box.put(detached)
      return .close
    }
    events.onClosed = { _, _ in calls.note("closed") }
    try withServer(events, options: setup.options, on: [setup.address]) { server in
      let client = try Client(server.address())
      try client.send("head")
      try client.expectAnswer("going now", to: "rest!")
      let detached = try box.take()
      #expect(detached.unreadBytes == Array("rest!".utf8))
      #expect(calls.values == ["true \(try client.localAddress) \(server.address()) 0"])
      try require("the context is released") { contexts.value == 1 && server.server.connectionCount == 0 }
      #expect(handles.values.allSatisfy { !$0.isOpen && !$0.write("x") && !$0.wake() && !$0.close() })
      #expect(Set(handles.values).count == 1)

      // Nothing of the server watches it any more.
      try client.send("more")
      try expectIdle(server)
      #expect(try detached.read(upTo: 2) == Array("mo".utf8))
      #expect(try detached.read(upTo: 100) == Array("re".utf8))
      #expect(try detached.read(upTo: 0) == [])
      // A read that finds nothing waits. Here many do, since each byte is sent when its read is about to begin.
      let begun = Counter()
      TestThread.detach { [client = SendableClient(client)] in
        for round in UInt8(0)..<100 {
          guard (try? require("the read is next") { begun.value > round }) != nil else { return }
          try? client.client.send([round])
        }
      }
      for round in UInt8(0)..<100 {
        begun.add()
        #expect(try detached.read(upTo: 100) == [round])
      }
      // A write that finds the kernel's buffer full does so too.
      let large = pattern(6 << 20)
      let received = Log<[UInt8]>()
      TestThread.detach { [client = SendableClient(client)] in
        received.add((try? client.client.receive(exactly: large.count)) ?? [])
      }
      try detached.write(large)
      try require("all has arrived") { received.count == 1 }
      #expect(received.values == [large])
      client.endOutput()
      #expect(try detached.read(upTo: 100) == [])
      try detached.close()
      #expect(try client.receive() == [])
    }
    #expect(calls.count == 1)
    #expect(contexts.value == 1)
  }

  @Test("a detached connection outlives its server", arguments: StreamTransport.allCases)
  func outlives(transport: StreamTransport) throws {
    let box = DetachedBox()
    var events = Events()
    events.onDetached = { _, detached in
      box.put(detached)
      return .shutdown
    }
    events.react = { _, _ in .detach }
    let server = try TestServer(events, on: [transport.address()])
    let client = try Client(server.address())
    try client.send("x")
    try server.waitForEnd()
    let detached = try box.take()
    #expect(detached.unreadBytes == Array("x".utf8))
    try detached.write(Array("still".utf8))
    #expect(try client.receiveText(5) == "still")
    client.close()
    #expect(try detached.read(upTo: 1) == [])
    #expect(throws: Errno.self) {
      for _ in 0..<100 { try detached.write(pattern(100_000)) }
    }
  }

  @Test("a released descriptor is the caller's, in blocking mode")
  func released() throws {
    let box = DetachedBox()
    var events = Events()
    events.onOpened = { _ in .detach }
    events.onDetached = { _, detached in
      box.put(detached)
      return .none
    }
    try withServer(events) { server in
      let client = try Client(server.address())
      let descriptor = try box.take().release()
      #expect(fcntl(descriptor.rawValue, F_GETFL) & O_NONBLOCK == 0)
      #expect(fcntl(descriptor.rawValue, F_GETFD) & FD_CLOEXEC != 0)
      _ = try descriptor.writeAll("hello".utf8)
      #expect(try client.receiveText(5) == "hello")
      try descriptor.close()
      #expect(try client.receive() == [])
    }
  }

  @Test("a detached connection that is dropped is closed", arguments: StreamSetup.all)
  func dropped(setup: StreamSetup) throws {
    var events = Events { _, _ in .detach }
    events.onDetached = { _, _ in .none }
    try withServer(events, options: setup.options, on: [setup.address]) { server in
      let client = try Client(server.address())
      try client.send("x")
      // Unread bytes make TCP reset.
      #expect((try? client.receive()) ?? [] == [])
      try require("it is gone") { server.server.connectionCount == 0 }
    }
  }

  @Test("without onDetached a detach is a close", arguments: StreamSetup.all)
  func noDetachHandler(setup: StreamSetup) throws {
    let errors = Log<String>()
    var events = Events { connection, input in
      connection.write("bye")
      return .detach
    }
    events.onClosed = { _, error in errors.note("\(String(describing: error))") }
    try withServer(events, options: setup.options, on: [setup.address]) { server in
      try Client(server.address()).expectLastAnswer("bye", to: "x")
    }
    #expect(errors.values == ["nil"])
  }

  @Test("a connection that breaks before what precedes its detach was sent is closed, not detached")
  func brokenBeforeDetach() throws {
    let calls = Log<String>()
    let errors = Log<Errno?>()
    var events = Events { connection, input in
      connection.write(pattern(8 << 20))
      return .detach
    }
    events.onDetached = { _, _ in calls.note("detached") }
    events.onClosed = { _, error in
      calls.add("closed")
      errors.add(error as? Errno)
      return .none
    }
    try withServer(events) { server in
      let client = try Client(server.address())
      try client.send("x")
      try require("output is pending") { server.server.loops[0].statistics.pendingOutputBytes > 0 }
      client.reset()
      try require("the connection has ended") { calls.count == 1 }
    }
    #expect(calls.values == ["closed"])
    withErrnoOfReset { #expect(errors.values == [.connectionReset]) }
  }
}

extension Events {
  /// Gives each connection a context that tells of its end, and logs the handle.
  fileprivate mutating func giveContexts(_ ended: Counter, _ handles: Log<ConnectionHandle>) {
    onOpened = { connection in
      connection.context = Witness(ended)
      return handles.note(connection.handle)
    }
  }
}
