import SystemPackage
import TestPeers
import TestSupport
import Testing

@testable import Gnet

@Suite("closed connections that wait for their peers") struct LingeringTests {
  @Test("with both streams ended, a close that leaves bytes unread does not destroy what the client has not received")
  func endedBothWays() throws {
    let answer = pattern(600_000)
    let events = Events { connection, input in
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
    var options = Options(loopCount: loopCount)
    options.maxConnections = 20
    options.lingerTimeout = .seconds(60)
    options.lingerLimit = .seconds(60)
    let closed = Counter()
    var events = Events { connection, input in
      let isLast = input[0] == UInt8(ascii: "x")
      connection.write(moving: &input)
      return isLast ? .close : .none
    }
    events.onClosed = { _, _ in closed.note() }
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
