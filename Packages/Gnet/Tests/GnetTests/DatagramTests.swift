import CGnet
import RingBuffer
import SystemPackage
import TestPeers
import TestSupport
import Testing

@testable import Gnet

/// Every kind of datagram socket, as an address to serve on.
private let addresses = [
  "udp4://127.0.0.1:0", "udp6://[::1]:0", "udp://:0", "udp4://127.0.0.1:0?reuseport=true", "udp6://:0?reuseport=true",
]

@Suite("datagrams") struct DatagramTests {
  @Test(
    "each datagram is one react and each write one datagram back, from none to the most bytes", arguments: addresses,
    [1, 3])
  func sizes(address: String, loopCount: Int) throws {
    let seen = Log<Int>()
    let events = Events { connection, input in
      seen.add(input.count)
      connection.write(moving: &input)
      return .none
    }
    try withServer(events, options: Options(loopCount: loopCount), on: [address]) { server in
      let client = try Client(server.address(), datagrams: true)
      let sizes = [0, 1, 2, 1472, 9000, 65507, 0, 3]
      for size in sizes {
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ size) }
        try client.send(bytes)
        #expect(try client.receive() == bytes)
      }
      #expect(seen.values == sizes)
    }
  }

  @Test("each peer is seen under its own address, and answered", arguments: addresses)
  func peers(address: String) throws {
    let events = Events { connection, input in
      input.removeAll()
      connection.write("\(connection.remoteAddress) \(connection.localAddress.port!) \(connection.addressIndex)")
      return .none
    }
    try withServer(events, on: [address]) { server in
      let clients = try (0..<5).map { _ in try Client(server.address(), datagrams: true) }
      for client in clients { try client.send("who am I") }
      let port = try #require(server.address().port)
      for client in clients { #expect(try client.receiveText() == "\(client.localAddress) \(port) 0") }
    }
  }

  #if os(Linux)
    @Test(
      "an answer leaves from the address that the peer has sent to, at once and later",
      arguments: ["udp4://:0", "udp://:0", "udp://:0?reuseport=true"], [1, 3])
    func localAddresses(address: String, loopCount: Int) throws {
      let events = Events { connection, input in
        let text = input.readText()
        connection.write("\(text) \(connection.localAddress)")
        if text.isEmpty { return .none }
        connection.wake()
        connection.handle.write("handle \(connection.localAddress)")
        return .none
      }
      try withServer(events, options: Options(loopCount: loopCount), on: [address]) { server in
        let port = server.address().port!
        // Each is an address of this machine. A connected client takes answers from no other.
        for host: UInt32 in [0x7f00_0001, 0x7f00_0002, 0x7f09_0807] {
          let target = SocketAddress(.ipv4(address: host, port: UInt16(port)))
          let client = try Client(target, datagrams: true)
          try client.send("x")
          let answers = try (0..<3).map { _ in try client.receiveText() }
          #expect(Set(answers) == ["x \(target)", " \(target)", "handle \(target)"])
        }
      }
    }
  #endif

  @Test("several writes are several datagrams in their order, one of no bytes an empty one, none no answer")
  func writes() throws {
    let events = Events { connection, input in
      let count = Int(input[0])
      for number in 0..<count { connection.write([UInt8](repeating: UInt8(number), count: number % 3)) }
      return .none
    }
    try withServer(events, on: ["udp://127.0.0.1:0"]) { server in
      let client = try Client(server.address(), datagrams: true)
      for count in [0, 1, 5, 0, 100] {
        try client.send([UInt8(count)])
        for number in 0..<count {
          #expect(try client.receive() == [UInt8](repeating: UInt8(number), count: number % 3))
        }
      }
    }
  }

  @Test("what react leaves of a datagram is gone, and close, detach and contexts do nothing", arguments: [1, 3])
  func ignored(loopCount: Int) throws {
    let seen = Log<String>()
    var events = Events()
    events.noteEnds(in: seen)
    events.react = { connection, input in
      if connection.context != nil { seen.add("context") }
      connection.context = Counter()
      let text = input.text
      if text == "close()" { connection.close() }
      connection.write("\(text) \(connection.handle.isOpen) \(connection.isInputEnded)")
      return text == "detach" ? .detach : .close
    }
    var options = Options(loopCount: loopCount)
    options.idleTimeout = .milliseconds(1)
    try withServer(events, options: options, on: ["udp://127.0.0.1:0"]) { server in
      let client = try Client(server.address(), datagrams: true)
      for text in ["close", "detach", "close()", "still here"] {
        try client.send(text)
        #expect(try client.receiveText() == "\(text) true false")
      }
      #expect(server.server.connectionCount == 0)
    }
    #expect(seen.values == [])
  }

  @Test(
    "preWrite comes once per datagram with its size and peer, also where sending took several attempts",
    arguments: addresses, [1, 3])
  func preWrite(address: String, loopCount: Int) throws {
    let plan = FaultPlan()
    let seen = Log<String>()
    var events = Events()
    events.preWrite = { connection, byteCount in seen.add("\(byteCount) \(connection.remoteAddress)") }
    events.react = { connection, input in
      for size in 1...Int(input[0]) { connection.write([UInt8](repeating: 0, count: size)) }
      return .none
    }
    try withServer(events, options: Options(loopCount: loopCount, faults: plan), on: [address]) { server in
      let client = try Client(server.address(), datagrams: true)
      var expected: [String] = []
      for attempts in [1, 4] {
        if attempts > 1 {
          plan.shorten(.sendDatagrams, to: 1, times: 1)
          plan.fail(.sendDatagrams, with: .wouldBlock, times: 2, skipping: 1)
        }
        try client.send([3])
        for size in 1...3 {
          #expect(try client.receive().count == size)
          expected.append("\(size) \(try client.localAddress)")
        }
        #expect(seen.values == expected)
      }
      #expect(plan.remaining == 0)
    }
  }

  @Test("a full socket buffer delays datagrams, but neither loses nor reorders them")
  func fullBuffer() throws {
    let plan = FaultPlan()
    try withServer(.echo, options: Options(faults: plan), on: ["udp://127.0.0.1:0"]) { server in
      let client = try Client(server.address(), datagrams: true)
      plan.fail(.sendDatagrams, with: .wouldBlock, times: 4)
      plan.shorten(.sendDatagrams, to: 1, times: 6)
      // Each longer than the one before, so that none are merged.
      let texts = (0..<20).map { "datagram" + String(repeating: "+", count: $0) }
      for text in texts { try client.send(text) }
      for text in texts { #expect(try client.receiveText() == text) }
      #expect(plan.remaining == 0)
      let loop = server.server.loops[0]
      try require("all is accounted for") { loop.statistics.datagramsOut == 20 }
      #expect(loop.statistics.writesWouldBlock == 4)
      #expect(loop.statistics.pendingOutputBytes == 0)
      #expect(loop.statistics.bytesWritten == UInt64(texts.reduce(0) { $0 + $1.utf8.count }))
      try expectIdle(server)
    }
  }

  @Test("a datagram that cannot be sent does not stop the others")
  func failing() throws {
    let plan = FaultPlan()
    let events = Events { connection, input in
      connection.write("before")
      connection.write([UInt8](repeating: 1, count: 70000))
      connection.write("after")
      return .none
    }
    try withServer(events, options: Options(faults: plan), on: ["udp://127.0.0.1:0"]) { server in
      let client = try Client(server.address(), datagrams: true)
      for error in [Errno.permissionDenied, .networkUnreachable, .noBufferSpace] {
        try client.send("x")
        #expect(try client.receiveText() == "before")
        #expect(try client.receiveText() == "after")
        plan.fail(.sendDatagrams, with: error)
        try client.send("x")
        #expect(try client.receiveText() == "after")
      }
      // A peer that has gone is not the others' trouble.
      for _ in 0..<10 {
        let gone = try Client(server.address(), datagrams: true)
        try gone.send("x")
      }
      plan.fail(.receiveDatagrams, with: .connectionRefused, times: 3)
      try client.send("x")
      #expect(try client.receiveText() == "before")
      #expect(plan.remaining == 0)
      try require("each long datagram is counted") { server.sum(\.datagramsTooLong) == 17 }
      #expect(server.sum(\.datagramsForbidden) == 1)
      #expect(server.sum(\.datagramsUnreachable) == 1)
      #expect(server.sum(\.datagramsFailed) == 1)
      #expect(server.sum(\.datagramsDropped) == 0)
    }
  }

  @Test("all that one callback writes is sent, however low the watermark")
  func lowWatermark() throws {
    let events = Events { connection, input in
      for number: UInt8 in 0..<50 { connection.write([UInt8](repeating: number, count: 200)) }
      #expect(connection.pendingWriteCount >= 200)
      return .none
    }
    var options = Options()
    options.outboundHighWatermark = 1000
    options.outboundLowWatermark = 100
    try withServer(events, options: options, on: ["udp://127.0.0.1:0"]) { server in
      let client = try Client(server.address(), datagrams: true)
      for _ in 0..<3 {
        try client.send("x")
        for number: UInt8 in 0..<50 { #expect(try client.receive() == [UInt8](repeating: number, count: 200)) }
      }
    }
  }

  @Test(
    "where the network takes nothing, only so much is kept, and what is kept does not grow by waiting",
    arguments: [true, false])
  func boundedOutbox(merges: Bool) {
    var outbox = DatagramOutbox(isIPv6: false, port: 9, limit: 10_000, merges: merges)
    let peer = SocketAddress(.ipv4(address: 0x7f00_0001, port: 9))
    outbox.isWaitingForWritability = true
    for _ in 0..<1000 { outbox.append(byteCount: 100, to: peer) }
    #expect(outbox.byteCount > 5_000 && outbox.byteCount <= 10_100)
    outbox.removeAll()
    #expect(outbox.count == 0 && outbox.byteCount == 0)
    for _ in 0..<100_000 { outbox.append(byteCount: 0, to: peer) }
    #expect(outbox.count > 100 && outbox.count < 10_000)

    // A queue that never runs empty keeps no memory of the datagrams that have left it.
    var busy = DatagramOutbox(isIPv6: false, port: 9, limit: 1 << 20, merges: merges)
    busy.append(byteCount: 1, to: peer)
    for _ in 0..<20_000 {
      busy.append(byteCount: 2000, to: peer)
      _ = busy.removeFirst(1)
    }
    #expect(busy.count == 1 && busy.byteCount == 2000)
    #expect(busy.storedByteCount < 1 << 21)
  }

  @Test("datagrams that wait together are received and answered together")
  func batches() throws {
    let gate = Flag()
    var events = Events.echo
    let react = events.react!
    events.react = { connection, input in
      gate.wait()
      return react(&connection, &input)
    }
    try withServer(events, on: ["udp://127.0.0.1:0"]) { server in
      let client = try Client(server.address(), datagrams: true)
      let texts = (0..<64).map { "number \($0)" }
      for text in texts { try client.send(text) }
      gate.set()
      for text in texts { #expect(try client.receiveText() == text) }
      let loop = server.server.loops[0]
      try require("all is accounted for") { loop.statistics.datagramsOut == 64 }
      #expect(loop.statistics.datagramsIn == 64)
      // The first receive may have found a few only.
      #expect(loop.statistics.reads <= 4)
      #expect(loop.statistics.writes <= 4)
    }
  }

  @Test("a wake brings one more react for the same peer, without bytes", arguments: addresses)
  func wake(address: String) throws {
    let events = Events { connection, input in
      if !input.isEmpty { connection.wake() }
      connection.write("\(input.count) \(connection.remoteAddress)")
      return .none
    }
    try withServer(events, on: [address]) { server in
      let clients = try (0..<4).map { _ in try Client(server.address(), datagrams: true) }
      for client in clients { try client.send("four") }
      for client in clients {
        #expect(try client.receiveText() == "4 \(client.localAddress)")
        #expect(try client.receiveText() == "0 \(client.localAddress)")
      }
      try expectIdle(server)
    }
  }

  @Test("a handle answers the same peer later, from any thread", arguments: addresses, [1, 3])
  func handles(address: String, loopCount: Int) throws {
    let handles = Log<ConnectionHandle>()
    let wakes = Log<SocketAddress>()
    let events = Events { connection, input in
      if input.isEmpty { wakes.add(connection.remoteAddress) } else { handles.add(connection.handle) }
      return .none
    }
    try withServer(events, options: Options(loopCount: loopCount), on: [address]) { server in
      let clients = try (0..<4).map { _ in try Client(server.address(), datagrams: true) }
      for (index, client) in clients.enumerated() {
        try client.send("x")
        try require("the datagram has arrived") { handles.count == index + 1 }
      }
      #expect(Set(handles.values).count == 4)
      for (index, handle) in handles.values.enumerated() {
        #expect(handle.write("late \(index)"))
        #expect(handle.write([]))
        #expect(handle.write("and later"))
        #expect(!handle.close())
        #expect(handle.isOpen && handle.wake())
      }
      for (index, client) in clients.enumerated() {
        #expect(try client.receiveText() == "late \(index)")
        #expect(try client.receive() == [])
        #expect(try client.receiveText() == "and later")
      }
      try require("the wakes have come") { wakes.count == 4 }
      #expect(try Set(wakes.values) == Set(clients.map { try $0.localAddress }))
    }
    #expect(handles.values.allSatisfy { !$0.write("too late") && !$0.wake() && !$0.isOpen })
  }

  @Test("with reuseport every loop serves datagrams, and one peer's stay on one loop")
  func reusePort() throws {
    let events = Events { connection, input in
      connection.write("\(connection.loop.index)")
      return .none
    }
    try withServer(events, options: Options(loopCount: 3), on: ["udp://127.0.0.1:0?reuseport=true"]) { server in
      var loops: Set<String> = []
      for _ in 0..<64 {
        let client = try Client(server.address(), datagrams: true)
        var own: Set<String> = []
        for _ in 0..<3 {
          try client.send("x")
          own.insert(try client.receiveText())
        }
        #expect(own.count == 1)
        loops.formUnion(own)
      }
      #expect(loops == ["0", "1", "2"])
    }
  }

  @Test("shutdown is honoured, after the answer", arguments: addresses, [1, 3])
  func shutdown(address: String, loopCount: Int) throws {
    let events = Events { connection, input in
      connection.write("bye")
      return .shutdown
    }
    let server = try TestServer(events, options: Options(loopCount: loopCount), on: [address])
    let client = try Client(server.address(), datagrams: true)
    try client.send("x")
    #expect(try client.receiveText() == "bye")
    try server.waitForEnd()
  }

  @Test(
    "datagrams that wait at a shutdown are sent, whether a callback or a handle wrote them, and those that had arrived are offered",
    arguments: addresses, [1, 2])
  func drain(address: String, loopCount: Int) throws {
    let plan = FaultPlan()
    let (handles, received) = (Log<ConnectionHandle>(), Log<String>())
    let (servers, clients) = (Log<Server>(), Log<SendableClient>())
    var events = Events()
    events.onInitComplete = { server in servers.note(server) }
    events.react = { connection, input in
      received.add(input.readText())
      if received.count == 1 {
        handles.add(connection.handle)
        return .none
      }
      if received.count > 2 { return .none }
      handles.values[0].write("of the handle")
      servers.values[0].shutdown()
      try? clients.values[0].client.send("third")
      // More turns than it takes to stop.
      plan.fail(.sendDatagrams, with: .wouldBlock, times: 20)
      for number in 0..<3 { connection.write("number \(number)") }
      return .none
    }
    var options = Options(loopCount: loopCount, faults: plan)
    options.drainTimeout = .seconds(60)
    // The other addresses are there so that sockets with nothing to send surround the one that has.
    let others = ["udp4://127.0.0.1:0", "tcp4://127.0.0.1:0"]
    let server = try TestServer(events, options: options, on: others + [address] + others)
    let client = try Client(server.address(2), datagrams: true)
    clients.add(SendableClient(client))
    try client.send("first")
    try require("it has arrived") { handles.count == 1 }
    try client.send("second")
    // From another thread and another path, they may come in any order.
    let answers = try (0..<4).map { _ in try client.receiveText() }
    #expect(Set(answers) == ["number 0", "number 1", "number 2", "of the handle"])
    #expect(answers.filter { $0.hasPrefix("number") } == ["number 0", "number 1", "number 2"])
    try server.waitForEnd()
    #expect(plan.remaining == 0)
    #expect(received.values == ["first", "second", "third"])
    #expect(server.sum(\.pendingOutputBytes) == 0 && server.sum(\.datagramsOut) == 4)
    #expect(!handles.values[0].write("too late") && !handles.values[0].isOpen)
  }

  @Test("datagrams that the kernel does not take are given up after the drain time-out, and are pending no more")
  func drainTimeout() throws {
    let plan = FaultPlan()
    let events = Events { connection, input in
      connection.write(moving: &input)
      return .shutdown
    }
    var options = Options(faults: plan)
    options.drainTimeout = .milliseconds(300)
    let server = try TestServer(events, options: options, on: ["udp://127.0.0.1:0"])
    let client = try Client(server.address(), datagrams: true)
    plan.fail(.sendDatagrams, with: .wouldBlock, times: .max)
    let start = ContinuousClock.now
    try client.send("lost")
    try server.waitForEnd()
    #expect(ContinuousClock.now - start >= .milliseconds(300))
    #expect(server.sum(\.pendingOutputBytes) == 0 && server.sum(\.datagramsOut) == 0)
    #expect(server.sum(\.datagramsDropped) == 1)
  }

  @Test("a handle's datagrams are sent until the server has ended, also while connections are still being drained")
  func handleDuringDrain() throws {
    let (handles, opened) = (Log<ConnectionHandle>(), Counter())
    var events = Events()
    events.onOpened = { connection in
      opened.add()
      connection.write(pattern(8 << 20))
      return .none
    }
    events.react = { connection, input in handles.note(connection.handle) }
    var options = Options()
    options.drainTimeout = .seconds(60)
    let server = try TestServer(events, options: options, on: ["udp://127.0.0.1:0", "tcp://127.0.0.1:0"])
    let (client, slow) = (try Client(server.address(), datagrams: true), try Client(server.address(1)))
    try client.send("x")
    try require("both are there") { opened.value == 1 && handles.count == 1 }
    #expect(handles.values[0].write("in time"))
    #expect(try client.receiveText() == "in time")
    server.server.shutdown()
    try require("the shutdown has begun") { server.server.loops[0].isShuttingDown }
    #expect(handles.values[0].write("late") && handles.values[0].isOpen)
    #expect(try client.receiveText() == "late")
    #expect(server.outcome == nil)
    #expect(try slow.receiveToEnd() == pattern(8 << 20))
    try server.waitForEnd()
    #expect(!handles.values[0].write("too late") && !handles.values[0].isOpen && !handles.values[0].wake())
  }
}

extension DatagramOutbox {
  mutating func append(
    byteCount: Int, to peer: SocketAddress, from local: cgnet_local = cgnet_local(), filledWith byte: UInt8 = 1
  ) {
    let bytes = [UInt8](repeating: byte, count: byteCount)
    unsafe append(bytes.span.bytes, RawSpan(), to: peer, from: local)
  }
}
