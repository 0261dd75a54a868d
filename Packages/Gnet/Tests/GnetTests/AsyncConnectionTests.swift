import Synchronization
import InMemoryLogging
import SystemPackage
import TestPeers
import TestSupport
import Testing

@testable import Gnet

/// Serves a service on one address for the length of `body`.
private func serving(
  _ service: Service, options: Options = Options(), on address: String = "tcp://127.0.0.1:0",
  _ body: (Server) throws -> Void
) throws {
  var options = options
  options.loopCount = options.loopCount ?? 1
  let running = try start([Listener(address, service)], options: options)
  try body(running.server)
  running.shutdown()
  try running.wait()
}

/// The outcome of a task's body.
private func outcome(_ error: any Error) -> String {
  switch error {
  case is CancellationError: "cancelled"
  case let error as Errno: "errno \(error.rawValue)"
  default: "\(error)"
  }
}

@Suite("a connection that a task speaks with") struct AsyncConnectionTests {
  private static let echo = Service(async: { connection in
    while let bytes = try await connection.read() { try await connection.write(bytes) }
  })

  @Test("an echo sends everything back, and ends with its peer", arguments: StreamTransport.allCases, [1, 3])
  func echo(transport: StreamTransport, loopCount: Int) throws {
    try serving(Self.echo, options: Options(loopCount: loopCount), on: transport.address()) { server in
      let clients = try (0..<5).map { _ in try Client(server.addresses[0]) }
      for round in 1...20 {
        let bytes = pattern(round * 997)
        for client in clients { try client.send(bytes) }
        for client in clients { #expect(try client.receive(exactly: bytes.count) == bytes) }
      }
      for client in clients {
        client.endOutput()
        #expect(try client.receive() == [])
      }
      try require("all have ended") { server.connectionCount == 0 }
    }
  }

  @Test("the end of the peer's stream is nil, and the body may still write")
  func halfClosed() throws {
    let service = Service(async: { connection in
      var count = 0
      while let bytes = try await connection.read() { count += bytes.count }
      try await connection.write("\(count) bytes")
    })
    try serving(service) { server in
      let client = try Client(server.addresses[0])
      try client.send(pattern(300_000))
      client.endOutput()
      #expect(try client.receiveToEnd() == Array("300000 bytes".utf8))
    }
  }

  @Test("the connection ends with the body, after what was written; its error is logged")
  func failingBody() throws {
    struct Failure: Error {}
    let log = InMemoryLogHandler()
    var options = Options()
    options.logger = log.logger
    let service = Service(async: { connection in
      _ = try await connection.read()
      try await connection.write("goodbye")
      throw Failure()
    })
    try serving(service, options: options) { server in
      try Client(server.addresses[0]).expectLastAnswer("goodbye", to: "x")
      try require("it is logged") { log.lines.contains { $0.contains("Failure") } }
    }
  }

  @Test("while nobody reads, the peer is held up; what has arrived is there afterwards")
  func boundedInput() throws {
    let total = Counter()
    let (gate, go) = AsyncStream.makeStream(of: Void.self)
    let service = Service(async: { connection in
      for await _ in gate { break }
      while let bytes = try await connection.read() { for _ in bytes { total.add() } }
    })
    var options = Options()
    options.socketReceiveBuffer = 8192
    options.readBufferCapacity = 4096
    try serving(service, options: options) { server in
      let client = try Client(server.addresses[0])
      let loop = server.loops[0]
      TestThread.detach { [bytes = pattern(1 << 20), peer = SendableClient(client)] in
        try? peer.client.send(bytes)
        peer.client.endOutput()
      }
      try require("some has arrived") { loop.statistics.bytesRead > 0 }
      #expect(loop.statistics.bytesRead < 1 << 16, "only what fits into the loop's buffer, or a few of them")
      go.yield()
      try require("all has arrived") { total.value == 1 << 20 }
    }
  }

  @Test("writing waits while the output is full, and everything arrives in order")
  func boundedOutput() throws {
    let written = Counter()
    let service = Service(async: { connection in
      for number in 0..<200 {
        try await connection.write([UInt8](repeating: UInt8(number), count: 50_000))
        written.add()
      }
    })
    var options = Options()
    options.outboundHighWatermark = 100_000
    options.outboundLowWatermark = 10_000
    options.socketSendBuffer = 16_384
    try serving(service, options: options) { server in
      let client = try Client(server.addresses[0])
      client.setReceiveBuffer(16_384)
      try require("it has begun") { written.value > 0 }
      let first = try client.receive(exactly: 50_000)
      #expect(first == [UInt8](repeating: 0, count: 50_000))
      #expect(written.value < 150, "\(written.value) writes were taken ahead")
      let rest = try client.receiveToEnd()
      #expect(rest == (1..<200).flatMap { [UInt8](repeating: UInt8($0), count: 50_000) })
    }
  }

  @Test("frames come one by one, however the stream is cut, and the end of the stream ends them")
  func frames() throws {
    struct Lines: FrameCodec {
      func encode(_ payload: [UInt8], into output: inout RingBuffer) throws(FrameError) {
        output.write(payload)
        output.writeByte(10)
      }
      func decode(from input: inout RingBuffer) throws(FrameError) -> [UInt8]? {
        guard let end = input.firstIndex(of: 10) else { return nil }
        let line = input.read(end)
        input.discard(1)
        return line
      }
    }
    let service = Service(async: { connection in
      for try await line in connection.frames(Lines()) { try await connection.write(line.reversed() + [10]) }
      try await connection.write("end")
    })
    try serving(service) { server in
      let client = try Client(server.addresses[0])
      for byte in "abc\n\nde\nf".utf8 { try client.send([byte]) }
      #expect(try client.receive(exactly: 8) == Array("cba\n\ned\n".utf8))
      client.endOutput()
      #expect(try client.receiveToEnd() == Array("end".utf8))
    }
  }

  @Test("a reset is the error of reading, and of writing afterwards")
  func reset() throws {
    let (outcomes, ended) = (Log<String>(), Flag())
    let service = Service(async: { connection in
      do { while try await connection.read() != nil {} } catch { outcomes.add(outcome(error)) }
      do { try await connection.write("too late") } catch { outcomes.add(outcome(error)) }
      ended.set()
    })
    try serving(service) { server in
      let client = try Client(server.addresses[0])
      try client.send("x")
      try require("it is served") { server.loops[0].statistics.bytesRead == 1 }
      client.reset()
      try require("the task has ended") { ended.isSet }
      let error = "errno \(Errno.connectionReset.rawValue)"
      withErrnoOfReset { #expect(outcomes.values == [error, error]) }
    }
  }

  @Test("a shutdown cancels the task, which may still say goodbye; after its own close it is cancelled as well")
  func cancellation() throws {
    let outcomes = Log<String>()
    let service = Service(async: { connection in
      do {
        while let bytes = try await connection.read() {
          if bytes == Array("close".utf8) { connection.close() }
        }
      } catch {
        outcomes.add(outcome(error))
        outcomes.add("\(Task.isCancelled)")
        try? await connection.write("goodbye")
      }
    })
    let running = try start([Listener("tcp://127.0.0.1:0", service)])
    let closing = try Client(running.server.addresses[0])
    try closing.send("close")
    #expect(try closing.receiveToEnd() == [])
    try require("it was told") { outcomes.values.first == "cancelled" }
    let client = try Client(running.server.addresses[0])
    try client.send("x")
    try require("it is served") { running.server.loops.reduce(0) { $0 + $1.statistics.bytesRead } == 6 }
    running.shutdown()
    #expect(try client.receiveToEnd() == Array("goodbye".utf8))
    try running.wait()
    #expect(outcomes.values.suffix(2) == ["cancelled", "true"])
  }

  @Test("what is written after the own close is refused, what was written before arrives", arguments: [false, true])
  func writeAfterClose(byHandle: Bool) throws {
    let outcomes = Log<String>()
    let service = Service(async: { connection in
      _ = try await connection.read()
      if byHandle { connection.handle.write("before") } else { try await connection.write("before") }
      connection.close()
      do { try await connection.write("behind") } catch { outcomes.add(outcome(error)) }
      outcomes.add("\(connection.handle.isOpen)")
    })
    try serving(service) { server in
      try Client(server.addresses[0]).expectLastAnswer("before", to: "x")
      try require("the task has ended") { outcomes.count == 2 }
    }
    #expect(outcomes.values == ["cancelled", "false"])
  }

  @Test("other tasks may read and write, and a read that is cancelled ends")
  func otherTasks() throws {
    let outcomes = Log<String>()
    // Tasks on another loop: tests may occupy all threads of Swift's pool.
    let elsewhere = try start(.echo, on: "tcp://127.0.0.1:0")
    let loop = elsewhere.server.loops[0]
    let service = Service(async: { connection in
      let reading = Task(executorPreference: loop) { try await connection.read() }
      reading.cancel()
      do { _ = try await reading.value } catch { outcomes.add(outcome(error)) }
      let echoing = Task(executorPreference: loop) {
        while let bytes = try await connection.read() { try await connection.write(bytes) }
      }
      try await echoing.value
    })
    try serving(service) { server in
      let client = try Client(server.addresses[0])
      try require("the first read was cancelled") { outcomes.values == ["cancelled"] }
      for _ in 0..<50 { try client.expectEcho("hello") }
      #expect(outcomes.values == ["cancelled"])
    }
  }

  @Test("the body stays on the connection's loop")
  func executor() throws {
    let places = Log<Bool>()
    let service = Service(async: { connection in
      while let bytes = try await connection.read() {
        places.add(connection.handle.withConnection { _ in true } ?? false)
        try await connection.write(bytes)
      }
    })
    try serving(service) { server in
      let client = try Client(server.addresses[0])
      for _ in 0..<10 { try client.expectEcho("x") }
      #expect(places.values == Array(repeating: true, count: 10))
    }
  }

  @Test("tasks and what they hold are gone when their connections are")
  func leaks() throws {
    final class Held: Sendable {
      let counter: Counter
      init(_ counter: Counter) { self.counter = counter }
      deinit { counter.add() }
    }
    let gone = Counter()
    let service = Service(async: { connection in
      let held = Held(gone)
      while let bytes = try await connection.read() { try await connection.write(bytes) }
      withExtendedLifetime(held) {}
    })
    try serving(service) { server in
      let clients = try (0..<50).map { _ in try Client(server.addresses[0]) }
      for client in clients { try client.send("x") }
      for client in clients { #expect(try client.receiveText(1) == "x") }
      for (index, client) in clients.enumerated() { if index % 2 == 0 { client.reset() } else { client.close() } }
      try require("all are gone") { gone.value == 50 && server.connectionCount == 0 }
    }
  }
}
