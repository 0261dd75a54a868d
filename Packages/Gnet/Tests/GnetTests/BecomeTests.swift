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

/// Another service for the rest of a connection.
@Suite struct BecomeTests {
  /// Reads a line, then hands over to a service that sends everything back in brackets.
  private struct Upgrading: ConnectionHandler, ~Copyable {
    let calls: Log<String>
    let next: Service
    let witness: Witness

    mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
      guard let end = input.firstIndex(of: UInt8(ascii: "\n")) else { return .none }
      calls.add(String(decoding: input.read(end + 1).dropLast(), as: UTF8.self))
      connection.write("switching\n")
      connection.become(next)
      return .none
    }

    consuming func closed(_ connection: inout Connection, _ error: (any Error)?) { calls.add("old closed") }
  }

  private struct Bracketing: ConnectionHandler {
    let calls: Log<String>

    mutating func opened(_ connection: inout Connection) -> Action {
      connection.write("welcome\n")
      return calls.note("opened \(connection.context != nil)")
    }

    mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
      connection.write("[\(input.readText())]")
      return .none
    }

    consuming func closed(_ connection: inout Connection, _ error: (any Error)?) { calls.add("closed \(code(error))") }
  }

  @Test(
    "the next service is opened and offered the unread bytes, and the handler before it ends without a call",
    arguments: StreamTransport.allCases, [false, true])
  func upgrade(transport: StreamTransport, withBytes: Bool) throws {
    let (calls, ended) = (Log<String>(), Counter())
    let next = Service { _ in Bracketing(calls: calls) }
    let service = Service { connection in
      connection.context = ended
      return Upgrading(calls: calls, next: next, witness: Witness(ended))
    }
    try withService(service, transport: transport) { server in
      let client = try Client(server.addresses[0])
      try client.send(withBytes ? "upgrade\nabc" : "upgrade\n")
      #expect(try client.receiveText(18) == "switching\nwelcome\n")
      if withBytes { #expect(try client.receiveText(5) == "[abc]") }
      #expect(ended.value == 1)
      try client.expectAnswer("[x]", to: "x")
      client.endOutput()
      #expect(try client.receiveToEnd() == [])
    }
    #expect(calls.values == ["upgrade", "opened true", "closed 0"])
  }

  @Test("a service of callbacks and one with state per loop can take over, from a closure of a handle too")
  func kinds() throws {
    final class Shard { var count = 0 }
    struct Counting: ConnectionHandler {
      let shard: Shard
      mutating func opened(_ connection: inout Connection) -> Action {
        shard.count += 1
        connection.write("\(shard.count)")
        return .none
      }
      mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action { .close }
    }
    let made = Counter()
    let counting = Service(perLoop: { _ in
      made.add()
      return Shard()
    }) { _, shard in Counting(shard: shard) }
    let handles = Log<ConnectionHandle>()
    var events = Events()
    events.logHandles(handles)
    let echo = Service(.echo)
    try withServer(events) { server in
      for number in 1...3 {
        let client = try Client(server.address())
        try require("it is open") { handles.count == number }
        handles.values[number - 1].perform { connection in
          connection.become(echo)
          return .none
        }
        handles.values[number - 1].perform { connection in
          connection.become(counting)
          return .none
        }
        #expect(try client.receiveText(1) == "\(number)")
        try client.send("x")
        #expect(try client.receiveToEnd() == [])
      }
    }
    #expect(made.value == 1)
  }

  @Test("a service that was made for one connection is released when that has ended", arguments: [false, true])
  func servicesAreReleased(adopts: Bool) throws {
    let released = Counter()
    struct Once: ConnectionHandler {
      let witness: Witness
      mutating func opened(_ connection: inout Connection) -> Action {
        connection.write("x")
        return .close
      }
      mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action { .close }
    }
    @Sendable func once() -> Service {
      let witness = Witness(released)
      return Service { _ in Once(witness: witness) }
    }
    var events = Events()
    events.onOpened = { connection in
      if adopts { return .detach }
      connection.become(once())
      return .none
    }
    events.onDetached = { connection, detached in
      connection.loop.adopt(detached, once())
      return .none
    }
    try withServer(events) { server in
      for _ in 0..<1000 {
        let client = try Client(server.address())
        #expect(try client.receiveToEnd() == Array("x".utf8))
      }
      // Some may wait for the next one to be looked at.
      #expect(released.value >= 900)
    }
    #expect(released.value == 1000)
  }

  @Test("a time-out goes with the connection to the next service")
  func timeout() throws {
    let calls = Log<String>()
    struct Patient: ConnectionHandler {
      let calls: Log<String>
      mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action { .none }
      mutating func timedOut(_ connection: inout Connection) -> Action { calls.note("timed out", then: .close) }
    }
    let next = Service { _ in Patient(calls: calls) }
    var events = Events()
    events.onOpened = { connection in
      connection.setTimeout(.milliseconds(20))
      connection.become(next)
      return .none
    }
    try withServer(events) { server in
      let client = try Client(server.address())
      #expect(try client.receiveToEnd() == [])
    }
    #expect(calls.values == ["timed out"])
  }

  @Test("the next service waits for the drain when output is full, and is then offered the unread bytes")
  func fullOutput() throws {
    let calls = Log<String>()
    let next = Service { _ in Bracketing(calls: calls) }
    let events = Events { connection, input in
      input.discard(1)
      connection.write(pattern(8 << 20))
      connection.become(next)
      return .none
    }
    try withServer(events) { server in
      let client = try Client(server.address())
      try client.send("xabc")
      #expect(try isPattern(client.receive(exactly: 8 << 20), 8 << 20))
      #expect(try client.receiveText(13) == "welcome\n[abc]")
    }
  }
}

/// Connections that are handed to a loop.
@Suite struct AdoptTests {
  @Test(
    "a detached connection goes on at another loop, with its unread bytes first",
    arguments: StreamTransport.allCases, [1, 3])
  func detached(transport: StreamTransport, loopCount: Int) throws {
    let calls = Log<String>()
    var second = Events()
    second.onOpened = { connection in calls.note("opened \(connection.addressIndex)") }
    second.react = { connection, input in
      connection.write("\(connection.loopIndex): \(input.readText())\n")
      return .none
    }
    second.onClosed = { _, error in calls.note("closed \(code(error))") }
    let service = Service(second)
    let servers = Log<Server>()
    var events = Events { _, input in
      input.discard(1)
      return .detach
    }
    events.onDetached = { connection, detached in
      let loops = servers.values[0].loops
      loops[(connection.loopIndex + 1) % loops.count].adopt(detached, service)
      return .none
    }
    try withServer(events, options: Options(loopCount: loopCount), on: [transport.address()]) { server in
      servers.add(server.server)
      for index in 0..<loopCount {
        let client = try Client(server.address())
        try client.send("xabc")
        #expect(try client.receiveLine() == "\((index + 1) % loopCount): abc")
        #expect(server.server.connectionCount == 1)
        try client.send("d")
        #expect(try client.receiveLine() == "\((index + 1) % loopCount): d")
        client.endOutput()
        #expect(try client.receiveToEnd() == [])
        try require("it is closed") { calls.values.last == "closed 0" && server.server.connectionCount == 0 }
      }
      #expect(calls.count == 2 * loopCount && calls.values.first == "opened -1")
    }
  }

  private static func socketPair() throws -> (FileDescriptor, Int32) {
    var ends: [Int32] = [-1, -1]
    let result = unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends)
    try #require(result == 0)
    return (FileDescriptor(rawValue: ends[0]), ends[1])
  }

  private static func receive(_ fd: Int32, _ count: Int) -> String {
    var bytes = [UInt8](repeating: 0, count: max(1, count))
    let received = unsafe recv(fd, &bytes, bytes.count, Int32(MSG_WAITALL))
    return String(decoding: bytes.prefix(max(0, received)), as: UTF8.self)
  }

  @Test("an end of a socket pair is served, and calls on its handle count from the first moment")
  func socketPair() throws {
    try withListeners([]) { server in
      let loop = server.loops[0]
      // The calls come before the connection is one of the loop's own.
      let gate = try loop.hold()
      let (descriptor, other) = try Self.socketPair()
      let handle = loop.adopt(descriptor, Service(.echo))
      #expect(handle.isOpen && handle.write("1"))
      #expect(
        handle.perform { connection in
          connection.write("2")
          return .none
        })
      #expect(handle.write("3") && handle.wake())
      #expect(handle.withConnection { _ in } == nil)
      gate.open()
      #expect(Self.receive(other, 3) == "123")
      unsafe _ = send(other, "x", 1, 0)
      #expect(Self.receive(other, 1) == "x")
      #expect(handle.close() && !handle.write("4"))
      #expect(Self.receive(other, 1) == "")
      close(other)
    }
  }

  @Test("a handle that was closed or aborted before its loop has the connection ends it", arguments: [false, true])
  func endedBefore(aborts: Bool) throws {
    try withListeners([]) { server in
      let (loop, closed) = (server.loops[0], Log<Int32>())
      let gate = try loop.hold()
      let (descriptor, other) = try Self.socketPair()
      var events = Events()
      events.logEnds(closed)
      let handle = loop.adopt(descriptor, Service(events))
      handle.write("1")
      #expect(aborts ? handle.abort() : handle.close())
      gate.open()
      #expect(Self.receive(other, 2) == (aborts ? "" : "1"))
      try closed.expectEnd(with: aborts ? .connectionAbort : nil)
      #expect(!handle.isOpen)
      close(other)
    }
  }

  @Test("a descriptor that cannot be served is closed, and its handle is not open")
  func badDescriptor() throws {
    try withListeners([Listener("tcp://127.0.0.1:0", Service(.echo))]) { server in
      let loop = server.loops[0]
      #expect(!loop.adopt(FileDescriptor(rawValue: -1), Service(.echo)).isOpen)
      // A file is no socket.
      let path = Files.temporaryPath()
      Files.write(to: path)
      defer { Files.remove(path) }
      let file = unsafe open(path, O_RDWR | O_CLOEXEC)
      let handle = loop.adopt(FileDescriptor(rawValue: file), Service(.echo))
      #expect(!handle.isOpen && !handle.write("x") && !handle.perform { _ in .none } && !handle.abort())
      // A socket that is not connected has no peer.
      let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
      #expect(!loop.adopt(FileDescriptor(rawValue: socket), Service(.echo)).isOpen)
      #expect(server.connectionCount == 0)
      try Client(server.addresses[0]).expectEcho("x")
    }
  }

  @Test("a loop that has ended closes what it is handed, and the handle is not open")
  func endedLoop() throws {
    let loops = Log<EventLoop>()
    try withListeners([]) { loops.add($0.loops[0]) }
    let (descriptor, other) = try Self.socketPair()
    let called = Counter()
    var events = Events()
    events.onOpened = { _ in called.note() }
    let handle = loops.values[0].adopt(descriptor, Service(events))
    #expect(!handle.isOpen && !handle.write("x"))
    #expect(Self.receive(other, 1) == "" && called.value == 0)
    close(other)
  }

  @Test("a datagram socket is not taken for a stream")
  func datagramSocket() throws {
    try withListeners([]) { server in
      var ends: [Int32] = [-1, -1]
      unsafe _ = socketpair(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends)
      let handle = server.loops[0].adopt(FileDescriptor(rawValue: ends[0]), Service(.echo))
      #expect(!handle.isOpen)
      close(ends[1])
    }
  }
}

/// Datagrams to anyone.
@Suite struct ServerSendTests {
  @Test(
    "a server sends datagrams to peers that have never written, from the address that was asked for", arguments: [1, 3])
  func send(loopCount: Int) throws {
    let addresses = ["udp://127.0.0.1:0", "tcp://127.0.0.1:0", "udp://[::1]:0", "udp://127.0.0.1:0?reuseport=true"]
    let listeners = addresses.map { Listener($0, Service(.echo)) }
    let servers = Log<Server>()
    try withListeners(listeners, options: Options(loopCount: loopCount)) { server in
      servers.add(server)
      for index in [0, 2, 3] {
        let client = try Client(server.addresses[index], datagrams: true)
        let peer = try client.localAddress
        #expect(server.send([1, 2, 3], to: peer, from: index))
        #expect(try client.receive() == [1, 2, 3])
        let bytes: [UInt8] = [4, 5]
        let isSent = server.send(bytes.span, to: peer, from: index)
        #expect(isSent)
        #expect(try client.receive() == [4, 5])
        let isSentAgain = unsafe server.send(bytes.span.bytes, to: peer, from: index)
        let isEmptySent = server.send([], to: peer, from: index)
        #expect(isSentAgain && isEmptySent)
        #expect(try client.receive() == [4, 5])
        #expect(try client.receive() == [])
        for number in 0..<200 { server.send(Array("\(number)".utf8), to: peer, from: index) }
        for number in 0..<200 { #expect(try client.receiveText() == "\(number)") }
      }
      let peer = try Client(server.addresses[0], datagrams: true).localAddress
      #expect(!server.send([1], to: peer, from: 1))
      // To a family that the socket does not have: lost, as datagrams are.
      let client = try Client(server.addresses[2], datagrams: true)
      server.send([1], to: try client.localAddress, from: 0)
      #expect(server.send([2], to: try client.localAddress, from: 2))
      #expect(try client.receive() == [2])
    }
    let address = servers.values[0].addresses[0]
    #expect(!servers.values[0].send([1], to: address, from: 0))
  }

  @Test("a server with one socket on all interfaces sends to peers of both families")
  func bothFamilies() throws {
    try withListeners([Listener("udp://:0", Service(.echo))]) { server in
      let port = try #require(server.addresses[0].port)
      let target = SocketAddress(.ipv4(address: 0x7f00_0001, port: UInt16(port)))
      let client = try Client(target, datagrams: true)
      #expect(server.send([7], to: try client.localAddress, from: 0))
      #expect(try client.receive() == [7])
    }
  }
}
