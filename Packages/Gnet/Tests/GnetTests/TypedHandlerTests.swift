import RingBuffer
import SystemPackage
import TestPeers
import TestSupport
import Testing

@testable import Gnet

@Suite struct TypedHandlerTests {
  /// A handler that may not be copied, with a state of its own.
  private struct Adder: ConnectionHandler, ~Copyable {
    var sum = 0
    let calls: Log<String>

    mutating func opened(_ connection: inout Connection) -> Action {
      connection.write("hello\n")
      return calls.note("opened")
    }

    mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
      while let byte = input.readByte() {
        sum += Int(byte) - 48
        connection.write("\(sum)\n")
      }
      return calls.note("react")
    }

    consuming func closed(_ connection: inout Connection, _ error: (any Error)?) {
      calls.add("closed \(sum) \(code(error))")
    }

    consuming func detached(_ connection: inout Connection, _ detached: consuming DetachedConnection) {
      calls.add("detached")
    }
  }

  @Test(
    "each connection has a handler of its own, called from opened to closed in order",
    arguments: StreamTransport.allCases, [1, 3])
  func state(transport: StreamTransport, loopCount: Int) throws {
    let logs = Log<Log<String>>()
    let service = Service { _ in
      let calls = Log<String>()
      logs.add(calls)
      return Adder(calls: calls)
    }
    try withService(service, loopCount: loopCount, transport: transport) { server in
      let clients = try (0..<6).map { _ in try Client(server.addresses[0]) }
      for round in 1...3 {
        for (index, client) in clients.enumerated() {
          if round == 1 { #expect(try client.receiveLine() == "hello") }
          try client.send("\(index)")
          #expect(try client.receiveLine() == "\(index * round)")
        }
      }
      try expectEnds(of: clients, at: server)
    }
    #expect(logs.count == 6)
    var sums: [String] = []
    for log in logs.values {
      let calls = log.values
      #expect(calls.count == 5 && calls.first == "opened")
      #expect(calls[1...3].filter { $0 == "react" }.count == 3)
      sums.append(calls.last ?? "")
    }
    #expect(Set(sums) == Set((0..<6).map { "closed \($0 * 3) 0" }))
  }

  /// A state that the connections of a loop share.
  private final class Shard {
    let thread: UInt
    var connectionCount = 0
    init() { thread = TestThread.current }
  }

  private struct Counting: ConnectionHandler {
    let shard: Shard
    let isOnItsThread: Bool

    init(_ shard: Shard) {
      self.shard = shard
      isOnItsThread = shard.thread == TestThread.current
      shard.connectionCount += 1
    }

    mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
      input.removeAll()
      let isRight = isOnItsThread && shard.thread == TestThread.current
      connection.write("\(connection.loopIndex) \(shard.connectionCount) \(isRight)\n")
      return .none
    }
  }

  @Test("state per loop is made once on each loop's own thread, and no two loops share it", arguments: [1, 3])
  func perLoop(loopCount: Int) throws {
    let made = Log<Int>()
    let service = Service(perLoop: { loop in
      made.add(loop.index)
      return Shard()
    }) { _, shard in Counting(shard) }
    let listeners = [Listener("tcp://127.0.0.1:0", service), Listener(StreamTransport.unix.address(), service)]
    try withListeners(listeners, options: Options(loopCount: loopCount)) { server in
      // Open together, so that all are counted when the first asks.
      let clients = try (0..<12).map { try Client(server.addresses[$0 % 2]) }
      try require("all are open") { server.loops.reduce(0) { $0 + $1.statistics.connectionsOpened } == 12 }
      var answers: [String: Int] = [:]
      for client in clients {
        try client.send("?")
        answers[try client.receiveLine(), default: 0] += 1
      }
      let share = 12 / loopCount
      var expected: [String: Int] = [:]
      for index in 0..<loopCount { expected["\(index) \(share) true"] = share }
      #expect(answers == expected)
    }
    #expect(made.values.sorted() == Array(0..<loopCount))
  }

  private struct Greeter: ConnectionHandler {
    let name: String
    mutating func opened(_ connection: inout Connection) -> Action {
      connection.write("\(name) \(connection.addressIndex)\n")
      return .close
    }
    mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action { .none }
  }

  @Test("each listener speaks its own service, also callbacks beside handlers and datagrams beside streams")
  func services() throws {
    let datagrams = Events { connection, input in
      connection.write("udp \(connection.addressIndex) \(input.readText())\n")
      return .none
    }
    let listeners = [
      Listener("tcp://127.0.0.1:0", Service { _ in Greeter(name: "first") }),
      Listener("udp://127.0.0.1:0", Service(datagrams)),
      Listener(StreamTransport.unix.address(), Service { _ in Greeter(name: "third") }),
      Listener("tcp://127.0.0.1:0", Service(.echo)),
    ]
    try withListeners(listeners, options: Options(loopCount: 2)) { server in
      let first = try Client(server.addresses[0])
      #expect(try first.receiveToEnd() == Array("first 0\n".utf8))
      let third = try Client(server.addresses[2])
      #expect(try third.receiveToEnd() == Array("third 2\n".utf8))
      let second = try Client(server.addresses[1], datagrams: true)
      try second.send("x")
      #expect(try second.receiveLine() == "udp 1 x")
      try Client(server.addresses[3]).expectEcho("echo")
    }
  }

  @Test("a datagram address with a typed service is an error that says so")
  func datagrams() throws {
    let listeners = [Listener("udp://127.0.0.1:0", Service { _ in Greeter(name: "") })]
    let error = #expect(throws: ServeError.self) { _ = try start(listeners) }
    guard case .invalidAddress("udp://127.0.0.1:0", let reason)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(reason.contains("Events"))
  }

  @Test("a server may have no listener at all")
  func noListener() throws {
    try withListeners([], options: Options(loopCount: 2)) { server in
      #expect(server.addresses.isEmpty && server.loopCount == 2)
    }
  }

  private struct ContextKeeper: ConnectionHandler {
    var text = ""
    mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
      text += input.readText()
      if connection.context == nil { connection.context = Log<String>() }
      (connection.context as? Log<String>)?.add(text)
      connection.write("\((connection.context as? Log<String>)?.count ?? 0) \(text)\n")
      return .none
    }
  }

  @Test("the context of a connection is the program's, beside its handler")
  func context() throws {
    try withService(Service { _ in ContextKeeper() }) { server in
      let client = try Client(server.addresses[0])
      try client.send("a")
      #expect(try client.receiveLine() == "1 a")
      try client.send("b")
      #expect(try client.receiveLine() == "2 ab")
    }
  }

  @Test("Server.run of listeners tells when it has started, and ends when its task is cancelled")
  func run() async throws {
    let (servers, started) = AsyncStream.makeStream(of: Server.self)
    let task = Task {
      try await Server.run(
        [Listener("tcp://127.0.0.1:0", Service { _ in ContextKeeper() })], options: Options(loopCount: 1),
        started: { started.yield($0) })
    }
    var iterator = servers.makeAsyncIterator()
    let server = try #require(await iterator.next())
    let client = try Client(server.addresses[0])
    try client.send("a")
    #expect(try client.receiveLine() == "1 a")
    task.cancel()
    try await task.value
    #expect(try client.receiveToEnd() == [])
  }

  @Test("loops of listeners are as many as there are processors, unless the options say otherwise")
  func loopCount() throws {
    var events = Events()
    events.multicore = true
    let expected = Log<Int>()
    events.onInitComplete = { server in expected.note(server.loopCount, then: .shutdown) }
    try serve(events, on: "tcp://127.0.0.1:0")
    try withListeners([Listener("tcp://127.0.0.1:0", Service(.echo))]) { server in
      #expect([server.loopCount] == expected.values)
    }
  }
}
