import SystemPackage
import TestPeers
import TestSupport
import Testing

@testable import Gnet

@Suite("closed connections that wait for their peers") struct LingeringTests {
  /// Refuses whatever comes, as a server that will not take an upload.
  private static var refusal: Events {
    var events = Events()
    events.react = { connection, _ in
      connection.write("refused\n")
      return .close
    }
    return events
  }

  private static func options(_ timeout: Duration, _ limit: Duration) -> Options {
    var options = Options()
    options.lingerTimeout = timeout
    options.lingerLimit = limit
    return options
  }

  @Test(
    "a client that uploads for longer than the time-out, and reads then, is told why it was refused",
    arguments: StreamTransport.allCases)
  func upload(transport: StreamTransport) throws {
    let options = Self.options(.seconds(1), .seconds(60))
    try withServer(Self.refusal, options: options, on: [transport.address()]) { server in
      let client = try Client(server.address())
      let bytes = pattern(10_000)
      for _ in 0..<60 {
        try client.send(bytes)
        TestThread.sleep(milliseconds: 40)
      }
      #expect(try client.receiveLine() == "refused")
      client.endOutput()
      #expect(try client.receiveToEnd() == [])
    }
  }

  @Test("with both streams ended, a close that leaves bytes unread does not destroy what the client has not received")
  func endedBothWays() throws {
    let answer = pattern(600_000)
    var events = Events()
    events.react = { connection, input in
      // Called again for the end of the client's stream, in spite of the pause.
      if connection.isReadingPaused { return .close }
      input.removeAll()
      connection.write(answer)
      connection.endOutput()
      connection.isReadingPaused = true
      return .none
    }
    var options = Options()
    options.readBufferCapacity = 4096
    try withServer(events, options: options) { server in
      let client = try Client(server.address())
      try client.send(pattern(50_000))
      client.endOutput()
      try require("the server has closed") {
        server.server.connectionCount == 0 && server.sum(\.connectionsClosed) == 1
      }
      let received = try client.receiveToEnd()
      let isWhole = received == answer
      #expect(isWhole, "\(received.count) bytes")
    }
  }

  @Test("a client that falls silent is waited for no longer than the time-out")
  func silence() throws {
    try withServer(Self.refusal, options: Self.options(.milliseconds(100), .seconds(60))) { server in
      let client = try Client(server.address())
      try client.send("x")
      #expect(try client.receiveLine() == "refused")
      try expectReset(client, within: .seconds(10), pause: 300)
    }
  }

  @Test("a client that never stops is cut at the limit")
  func limit() throws {
    try withServer(Self.refusal, options: Self.options(.seconds(60), .milliseconds(300))) { server in
      let client = try Client(server.address())
      try client.send("x")
      let begin = ContinuousClock.now
      try expectReset(client, within: .seconds(10))
      #expect(ContinuousClock.now - begin >= .milliseconds(250))
    }
  }

  @Test(
    "without a time-out nobody is waited for",
    arguments: [(Duration.zero, Duration.seconds(60)), (.seconds(60), .zero)])
  func never(timeout: Duration, limit: Duration) throws {
    try withServer(Self.refusal, options: Self.options(timeout, limit)) { server in
      let client = try Client(server.address())
      try client.send("x")
      try expectReset(client, within: .seconds(10))
    }
  }

  /// Sends until the server's side is gone, with pauses of some milliseconds.
  private func expectReset(_ client: Client, within limit: Duration, pause: Int32 = 0) throws {
    try require("the server has given the connection up", within: limit) {
      TestThread.sleep(milliseconds: pause)
      do {
        try client.send("more")
        return false
      } catch {
        return true
      }
    }
  }

  #if os(Linux)
    @Test("open and lingering connections together stay within the limit of connections", arguments: [1, 3])
    func descriptors(loopCount: Int) async {
      switch loopCount {
      case 1: await #expect(processExitsWith: .success) { try measureDescriptors(loopCount: 1) }
      default: await #expect(processExitsWith: .success) { try measureDescriptors(loopCount: 3) }
      }
    }
  #endif

  @Test("lingering connections that have ended are forgotten, and the oldest of the others comes first")
  func queue() {
    var queue = LingeringQueue(limit: 10)
    var alive: [ConnectionToken] = []
    for index in 0..<10_000 {
      let token = ConnectionToken(slot: UInt32(index), generation: 1)
      alive.append(token)
      queue.add(token) { token in alive.contains(token) }
      if alive.count > 5 {
        alive.remove(at: index % 5)
        queue.noteEnd()
      }
      let isSmall = queue.storedCount <= 2 * 6 + 65
      #expect(isSmall)
    }
    var left: [ConnectionToken] = []
    while let token = queue.takeOldest() { if alive.contains(token) { left.append(token) } }
    #expect(left == alive)
  }
}

#if os(Linux)
  private func measureDescriptors(loopCount: Int) throws {
    var options = Options()
    options.loopCount = loopCount
    options.maxConnections = 20
    options.lingerTimeout = .seconds(60)
    options.lingerLimit = .seconds(60)
    let closed = Counter()
    var events = Events()
    events.react = { connection, input in
      let isLast = input[0] == UInt8(ascii: "x")
      connection.write(moving: &input)
      return isLast ? .close : .none
    }
    events.onClosed = { _, _ in
      closed.add()
      return .none
    }
    try withServer(events, options: options) { server in
      // Clients have descriptors of this process too, and keep them: they do not end their streams.
      var clients: [Client] = []
      let before = ProcessState.descriptorCount
      for round in 1...100 {
        let client = try Client(server.address())
        try client.send("x")
        try #require(try client.receiveText(1) == "x")
        clients.append(client)
        try require("the connection is closed") { closed.value == round }
        try require("the oldest have given way") {
          ProcessState.descriptorCount - before - clients.count <= 20 + loopCount - 1
        }
      }
      try #require(ProcessState.descriptorCount - before - clients.count >= 20 - loopCount)
      for _ in 0..<20 {
        let client = try Client(server.address())
        try client.send("o")
        try #require(try client.receiveText(1) == "o")
        clients.append(client)
      }
      try require("open ones have taken the places of lingering ones") {
        ProcessState.descriptorCount - before - clients.count <= 20 + loopCount - 1
      }
    }
  }
#endif
