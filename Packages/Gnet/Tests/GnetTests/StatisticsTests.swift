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

extension LoopStatistics {
  /// The counts that never go down.
  fileprivate var growing: [UInt64] {
    [
      connectionsOpened, connectionsClosed, reads, bytesRead, writes, bytesWritten, writesWouldBlock, accepts,
      acceptErrors, datagramsIn, datagramsOut, datagramsTooLong, datagramsUnreachable, datagramsForbidden,
      datagramsFailed, datagramsDropped, wakeups, polls, mailboxMessages, mailboxDepthMax,
    ]
  }

  fileprivate static func sum(_ server: TestServer) -> LoopStatistics {
    server.server.loops.map(\.statistics).reduce(LoopStatistics()) { sum, one in
      var sum = sum
      sum.connectionsOpened += one.connectionsOpened
      sum.connectionsClosed += one.connectionsClosed
      sum.connectionsActive += one.connectionsActive
      sum.accepts += one.accepts
      return sum
    }
  }
}

@Suite struct StatisticsTests {
  @Test("a loop that has done nothing has counted nothing but its polls")
  func nothing() throws {
    try withServer(.echo) { server in
      let statistics = server.server.loops[0].statistics
      #expect(statistics.growing.reduce(0, +) == statistics.polls)
      #expect(statistics.connectionsActive == 0 && statistics.pendingOutputBytes == 0)
    }
  }

  @Test("requests are counted exactly", arguments: StreamTransport.allCases)
  func requests(transport: StreamTransport) throws {
    try withServer(.echo, on: [transport.address()]) { server in
      let loop = server.server.loops[0]
      let client = try Client(server.address())
      for _ in 0..<10 { try client.expectEcho("12345") }
      try require("it has counted") { loop.statistics.bytesWritten == 50 }
      let open = loop.statistics
      #expect(open.connectionsOpened == 1 && open.connectionsClosed == 0 && open.connectionsActive == 1)
      #expect(open.accepts == 1 && open.acceptErrors == 0)
      #expect(open.reads == 10 && open.bytesRead == 50)
      #expect(open.writes == 10 && open.bytesWritten == 50 && open.writesWouldBlock == 0)
      #expect(open.datagramsIn == 0 && open.datagramsOut == 0)
      #expect(open.mailboxMessages == 0 && open.mailboxDepthMax == 0 && open.wakeups == 0)
      #expect(open.pendingOutputBytes == 0)
      #expect(open.polls >= 11)
      client.close()
      try require("it has counted the end") { loop.statistics.connectionsActive == 0 }
      let closed = loop.statistics
      #expect(closed.connectionsOpened == 1 && closed.connectionsClosed == 1)
      #expect(closed.reads == 10, "the end of the stream has no bytes")
    }
  }

  @Test("a connection is accepted and counted on the loop that gets it", arguments: [2, 3], [false, true])
  func accepts(loopCount: Int, reusePort: Bool) throws {
    let options = Options(loopCount: loopCount)
    let log = Log<Int>()
    var events = Events.echo
    events.onOpened = { connection in log.note(connection.loop.index) }
    try withServer(events, options: options, on: ["tcp://127.0.0.1:0" + (reusePort ? "?reuseport=true" : "")]) {
      server in
      let clients = try (0..<12).map { _ in try Client(server.address()) }
      try require("all are counted") { LoopStatistics.sum(server).accepts == 12 && log.count == 12 }
      for loop in server.server.loops {
        let count = log.values.count { $0 == loop.index }
        #expect(loop.statistics.accepts == count && loop.statistics.connectionsOpened == count)
        #expect(reusePort || count == 12 / loopCount)
      }
      withExtendedLifetime(clients) {}
    }
  }

  @Test("bytes count as written when the kernel has taken them, and as pending until then")
  func pending() throws {
    var events = Events()
    events.onOpened = { connection in
      connection.write(pattern(8 << 20))
      return .none
    }
    try withServer(events) { server in
      let loop = server.server.loops[0]
      let client = try Client(server.address())
      try require("it is written") { loop.statistics.pendingOutputBytes > 0 }
      let statistics = loop.statistics
      #expect(statistics.bytesWritten + statistics.pendingOutputBytes == 8 << 20)
      #expect(statistics.writesWouldBlock >= 1)
      _ = try client.receive(exactly: 8 << 20)
      try require("nothing is pending") { loop.statistics.pendingOutputBytes == 0 }
      #expect(loop.statistics.bytesWritten == 8 << 20)
    }
  }

  @Test("output that dies with its connection is pending no more", arguments: StreamTransport.allCases)
  func pendingOfTheDead(transport: StreamTransport) throws {
    var events = Events()
    events.onOpened = { connection in
      connection.write(pattern(8 << 20))
      return .none
    }
    try withServer(events, on: [transport.address()]) { server in
      let loop = server.server.loops[0]
      for _ in 0..<3 {
        let client = try Client(server.address())
        try require("it is written") { loop.statistics.pendingOutputBytes > 0 }
        client.close()
        try require("nothing is pending") { loop.statistics.pendingOutputBytes == 0 }
      }
      #expect(loop.statistics.bytesWritten < 3 * 8 << 20)
    }
  }

  @Test("calls of other threads are counted as the messages and the wake-ups that they cost")
  func messages() throws {
    let handles = Log<ConnectionHandle>()
    var events = Events()
    events.logHandles(handles)
    try withServer(events) { server in
      let loop = server.server.loops[0]
      let client = try Client(server.address())
      try require("it is open") { handles.count == 1 }
      for count in 1...5 {
        handles.values[0].write("hello")
        #expect(try client.receiveText(5) == "hello")
        try require("it is counted") { loop.statistics.mailboxMessages == count }
        #expect(loop.statistics.wakeups == count)
      }
      #expect(loop.statistics.mailboxDepthMax == 1)
    }
  }

  @Test("the mailbox's high-water mark is the most messages served at once")
  func mailboxDepth() throws {
    let handles = Log<ConnectionHandle>()
    var events = Events()
    events.logHandles(handles)
    events.react = { connection, input in
      if let count = input.readByte() {
        for handle in handles.values.prefix(Int(count)) { handle.write("x") }
      }
      return .none
    }
    try withServer(events) { server in
      let loop = server.server.loops[0]
      let clients = try (0..<70).map { _ in try Client(server.address()) }
      try require("all are open") { handles.count == 70 }
      for (count, total) in [(30, 30), (70, 100), (5, 105)] {
        try clients[0].send([UInt8(count)])
        try require("it is counted") { loop.statistics.mailboxMessages == total }
        #expect(loop.statistics.mailboxDepthMax == min(total, 70))
      }
    }
  }

  @Test("every copy is of one moment, whoever reads while connections come and go", arguments: [1, 2])
  func consistency(loopCount: Int) throws {
    try withServer(.echo, options: Options(loopCount: loopCount)) { server in
      let (stop, finished, faults) = (Counter(), Counter(), Log<String>())
      for _ in 0..<2 {
        TestThread.detach {
          var last = [LoopStatistics](repeating: LoopStatistics(), count: loopCount)
          while stop.value == 0 {
            for (index, loop) in server.server.loops.enumerated() {
              let copy = loop.statistics
              if copy.connectionsOpened - copy.connectionsClosed != copy.connectionsActive { faults.add("active") }
              if copy.bytesRead - copy.bytesWritten != copy.pendingOutputBytes { faults.add("bytes") }
              if zip(copy.growing, last[index].growing).contains(where: { $0 < $1 }) { faults.add("shrinking") }
              last[index] = copy
            }
          }
          finished.add()
        }
      }
      for _ in 0..<150 {
        let clients = try (0..<4).map { _ in try Client(server.address()) }
        for client in clients { try client.send("hello") }
        for client in clients { #expect(try client.receiveText(5) == "hello") }
      }
      stop.add()
      try require("the readers have ended") { finished.value == 2 }
      #expect(faults.values == [])
      try require("all are closed") { LoopStatistics.sum(server).connectionsActive == 0 }
      #expect(LoopStatistics.sum(server).connectionsOpened == 600)
    }
  }
}
