import Gnet
import TestPeers
import TestSupport
import Testing

@testable import GnetMetrics

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

@Suite struct CountingTests {
  @Test("what handlers, filters and plugins count is in the snapshot of their loop")
  func namedCounts() throws {
    let counter = LoopCounter("greetings", help: "Greetings", labels: ["tone": "kind"])
    var events = Events.echo
    events.onOpened = { connection in
      connection.loop.add(2, to: counter)
      return .none
    }
    try withServer(try TestServer(loops: 2, events: events)) { server in
      for _ in 0..<3 { _ = try Client(server.addresses[0]) }
      let snapshot = try server.snapshot(where: "all are counted") { snapshot in
        snapshot.loops.reduce(0) { $0 + ($1.namedCounts[counter] ?? 0) } == 6
      }
      #expect(snapshot.loops.map { $0.namedCounts[counter] } == [4, 2])
    }
  }

  @Test(
    "what is published after the last byte is exact, for any number of loops",
    arguments: [1, 2, 5], ["tcp", "tcp with reuseport", "unix"])
  func exactness(loops: Int, transport: String) throws {
    let (connections, messages, size) = (10, 20, 100)
    let address = [
      "tcp": "tcp://127.0.0.1:0", "tcp with reuseport": "tcp://127.0.0.1:0?reuseport=true",
      "unix": "unix://\(Files.temporaryPath())",
    ][transport]!
    try withServer(try TestServer(loops: loops, on: [address])) { server in
      for _ in 0..<connections {
        let client = try Client(server.addresses[0])
        for _ in 0..<messages {
          try client.send([UInt8](repeating: 7, count: size))
          #expect(try client.receive(exactly: size).count == size)
        }
        client.close()
      }
      let lastByte = Platform.wallTime
      let published = try server.snapshot(where: "all loops have published after the last byte") { snapshot in
        snapshot.loops.allSatisfy { $0.publishedTime > lastByte }
      }
      let bytes = UInt64(connections * messages * size)
      #expect(published.total(\.bytesRead) == bytes)
      #expect(published.total(\.bytesWritten) == bytes)
      #expect(published.total(\.connectionsOpened) == UInt64(connections))
      let snapshot = try server.snapshot(where: "all connections are counted as closed") {
        $0.total(\.connectionsClosed) == UInt64(connections)
      }
      #expect(snapshot.loops.map(\.index) == Array(0..<loops))
      #expect(snapshot.total(\.connectionsOpened) == UInt64(connections))
      #expect(snapshot.total(\.accepts) == UInt64(connections))
      #expect(snapshot.total(\.connectionsActive) == 0)
      #expect(snapshot.total(\.bytesRead) == bytes)
      #expect(snapshot.total(\.bytesWritten) == bytes)
      #expect(snapshot.total(\.writes) == UInt64(connections * messages))
      #expect(snapshot.total(\.pendingOutputBytes) == 0)
      for loop in snapshot.loops {
        // Whichever thread accepted it, a connection is accepted by its loop; the acceptor deals them in turn.
        #expect(loop.statistics.accepts == loop.statistics.connectionsOpened)
        #expect(transport == "tcp with reuseport" || loop.statistics.accepts == UInt64(connections / loops))
        #expect(loop.statistics.reads == loop.statistics.writes)
        #expect(loop.statistics.writesWouldBlock + loop.statistics.acceptErrors == 0)
        #expect(loop.statistics.datagramsIn + loop.statistics.datagramsOut == 0)
        #expect(loop.writeSizes.count == loop.statistics.writes)
        #expect(loop.writeSizes.sum == loop.statistics.bytesWritten)
        // 100 bytes are more than 64 and at most 256.
        #expect(loop.writeSizes.counts[2] == loop.statistics.writes)
        #expect(loop.tickLateness.count > 0)
        #expect(loop.statistics.busyNanoseconds > 0)
      }
    }
  }

  @Test("datagrams and their bytes are counted exactly, for any number of loops", arguments: [1, 3])
  func datagrams(loops: Int) throws {
    try withServer(try TestServer(loops: loops, on: ["udp://127.0.0.1:0?reuseport=true"])) { server in
      let clients = try (0..<9).map { _ in try Client(server.addresses[0], datagrams: true) }
      for client in clients {
        for size in [0, 1, 1000] {
          try client.send([UInt8](repeating: 1, count: size))
          #expect(try client.receive().count == size)
        }
      }
      let lastByte = Platform.wallTime
      let snapshot = try server.snapshot(where: "all loops have published after the last byte") { snapshot in
        snapshot.loops.allSatisfy { $0.publishedTime > lastByte }
      }
      #expect(snapshot.total(\.datagramsIn) == 27)
      #expect(snapshot.total(\.bytesRead) == 9 * 1001)
      for loop in snapshot.loops {
        #expect(loop.statistics.datagramsOut == loop.statistics.datagramsIn)
        #expect(loop.statistics.bytesWritten == loop.statistics.bytesRead)
        #expect(loop.writeSizes.count == loop.statistics.datagramsOut)
        #expect(loop.writeSizes.sum == loop.statistics.bytesWritten)
        #expect(loop.statistics.connectionsOpened + loop.statistics.accepts + loop.statistics.pendingOutputBytes == 0)
      }
    }
  }

  @Test("outbound connections are counted: the attempts, the failures, and those that were opened")
  func outbound() throws {
    let nobody = try freePort()
    try withServer(try TestServer()) { server in
      for _ in 0..<2 { server.server.connect(to: "tcp://\(server.addresses[0])", Service(Events.echo)) }
      server.server.connect(to: "tcp://127.0.0.1:\(nobody)", Service(Events.echo))
      let snapshot = try server.snapshot(where: "they are opened and accepted") {
        $0.total(\.connectionsActive) == 4 && $0.total(\.connectFailures) == 1
      }
      #expect(snapshot.total(\.connectAttempts) == 3)
      #expect(snapshot.total(\.connectionsOutbound) == 2)
      #expect(snapshot.total(\.connectionsOpened) == 4)
      #expect(snapshot.total(\.accepts) == 2)
    }
  }

  @Test("bytes written are those that the kernel took, and the rest is pending")
  func pending() throws {
    try withServer(try TestServer()) { server in
      let client = try Client(server.addresses[0])
      let size = 32 << 20
      TestThread.detach { [sender = SendableClient(client)] in
        let chunk = [UInt8](repeating: 0, count: 65536)
        for _ in 0..<size / chunk.count { try? sender.client.send(chunk) }
      }
      let snapshot = try server.snapshot(where: "output is pending") { $0.total(\.pendingOutputBytes) > 0 }
      let taken = snapshot.total(\.bytesWritten)
      #expect(taken + snapshot.total(\.pendingOutputBytes) == snapshot.total(\.bytesRead))
      #expect(snapshot.total(\.writesWouldBlock) > 0)
      // Bytes that are offered again are counted by size again.
      #expect(snapshot.loops[0].writeSizes.sum >= taken)
      #expect(try client.receive(exactly: size).count == size)
      _ = try server.snapshot(where: "all is taken") { $0.total(\.bytesWritten) == UInt64(size) }
    }
  }

  @Test("a snapshot says whose it is, and its numbers go up")
  func identity() throws {
    let unix = Files.temporaryPath()
    try withServer(try TestServer(loops: 2, on: ["tcp://127.0.0.1:0", "unix://\(unix)"])) { server in
      let first = try server.snapshot()
      let second = try server.snapshot()
      #expect(first.processID == UInt32(getpid()))
      #expect(!first.hostName.isEmpty)
      #expect(first.packageVersion == GnetMetricsPackage.version)
      #expect(["epoll", "kqueue"].contains(first.backend))
      #expect(first.addresses == ["127.0.0.1:\(server.addresses[0].port!)", "unix:\(unix)"])
      #expect(first.loops.count == 2)
      #expect(first.serverStartTime == second.serverStartTime)
      #expect(first.serverStartTime <= first.snapshotTime && first.snapshotTime <= second.snapshotTime)
      #expect(first.sequenceNumber == 1)
      #expect(second.sequenceNumber == 2)
    }
  }

  @Test("the exporter's own loop and its scrapes are in no snapshot")
  func ownTraffic() throws {
    try withServer(try TestServer()) { server in
      for _ in 0..<50 { _ = try server.snapshot() }
      let snapshot = try server.snapshot()
      #expect(snapshot.loops.count == 1)
      let counts = snapshot.loops[0].statistics
      #expect(counts.connectionsOpened + counts.accepts + counts.reads + counts.writes + counts.wakeups == 0)
    }
  }

  @Test("every snapshot under load is consistent, and counters only grow")
  func consistency() throws {
    try withServer(try TestServer(loops: 2)) { server in
      let isOver = Flag()
      let address = server.addresses[0]
      let clients = 3
      let ended = Log<Int>()
      for index in 0..<clients {
        TestThread.detach {
          defer { ended.add(index) }
          guard let client = try? Client(address) else { return }
          var size = index + 1
          while !isOver.isSet {
            guard (try? client.send([UInt8](repeating: 1, count: size))) != nil,
              (try? client.receive(exactly: size))?.count == size
            else { return }
            size = size * 7 % 2000 + 1
          }
        }
      }
      // The clients may get a processor later than this thread.
      var before = try server.snapshot(where: "there is load") { $0.total(\.writes) > 0 }
      for _ in 0..<100 {
        let snapshot = try server.snapshot()
        for (index, loop) in snapshot.loops.enumerated() {
          let counts = loop.statistics
          #expect(loop.writeSizes.count == counts.writes + counts.writesWouldBlock)
          #expect(loop.writeSizes.sum == counts.bytesWritten)
          #expect(counts.bytesRead == counts.bytesWritten)
          #expect(counts.connectionsOpened == counts.connectionsActive + counts.connectionsClosed)
          let earlier = before.loops[index]
          #expect(counts.reads >= earlier.statistics.reads)
          #expect(counts.bytesRead >= earlier.statistics.bytesRead)
          #expect(counts.polls >= earlier.statistics.polls)
          #expect(counts.busyNanoseconds >= earlier.statistics.busyNanoseconds)
          #expect(counts.waitingNanoseconds >= earlier.statistics.waitingNanoseconds)
        }
        before = snapshot
      }
      isOver.set()
      try require("the clients have ended") { ended.count == clients }
    }
  }
}
