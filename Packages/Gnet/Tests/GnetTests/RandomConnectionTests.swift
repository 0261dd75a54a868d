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

/// Connections whose handlers, peers and handles do what a seed says.
@Suite struct RandomConnectionTests {
  private static let high = 20_000
  private static let period = 251
  /// Bytes of which each tells its place.
  private static let bytes: [UInt8] = (0..<40_000).map { UInt8($0 % period) }

  /// The state that a loop's connections share.
  // Unchecked: it stays on the thread of its loop.
  private final class Shard: @unchecked Sendable {
    var handles: [ConnectionHandle] = []
  }

  /// A connection's output, in its context: it goes on whoever writes, until a write is dropped.
  // Unchecked: it stays on the thread of its loop.
  private final class Output: @unchecked Sendable {
    var count = 0

    func write(_ size: Int, to connection: inout Connection) {
      let start = count % period
      connection.write(bytes[start..<start + size])
      count += size
    }
  }

  /// The tally of all handlers.
  private struct Tally: Sendable {
    let made = Counter()
    let opened = Counter()
    let ended = Counter()
    let released = Counter()
    let handedOver = Counter()
    let wrong = Log<String>()
  }

  private struct Handler: ConnectionHandler, ~Copyable {
    let tally: Tally
    let shard: Shard
    let witness: Witness
    let services: Guarded<[Service]>
    var generator: SeededGenerator
    var isOpened = false
    var isCalled = false

    init(_ connection: inout Connection, _ shard: Shard, _ tally: Tally, _ services: Guarded<[Service]>, seed: UInt64) {
      self.tally = tally
      self.shard = shard
      self.services = services
      witness = Witness(tally.released)
      generator = SeededGenerator(seed: seed &* 1000 &+ UInt64(tally.made.add()))
      if connection.context == nil {
        connection.context = Output()
        shard.handles.append(connection.handle)
      }
    }

    mutating func opened(_ connection: inout Connection) -> Action {
      if isOpened { tally.wrong.add("opened twice") }
      isOpened = true
      tally.opened.add()
      return act(&connection)
    }

    mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
      if connection.pendingWriteCount >= high { tally.wrong.add("react with \(connection.pendingWriteCount) pending") }
      input.discard(Int.random(in: 0...input.count, using: &generator))
      return act(&connection)
    }

    mutating func drained(_ connection: inout Connection) -> Action {
      if connection.pendingWriteCount > high { tally.wrong.add("drained with \(connection.pendingWriteCount) pending") }
      return act(&connection)
    }

    mutating func timedOut(_ connection: inout Connection) -> Action { act(&connection) }

    mutating func shuttingDown(_ connection: inout Connection) -> Action { act(&connection) }

    consuming func closed(_ connection: inout Connection, _ error: (any Error)?) { tally.ended.add() }

    consuming func detached(_ connection: inout Connection, _ detached: consuming DetachedConnection) {
      tally.ended.add()
      let output = connection.context as? Output
      let (shard, tally, services, seed) = (shard, tally, services, generator.next())
      if seed % 2 == 0 { return }
      connection.loop.adopt(
        detached,
        Service { connection in
          connection.context = output
          return Handler(&connection, shard, tally, services, seed: seed)
        })
    }

    private mutating func act(_ connection: inout Connection) -> Action {
      if !isOpened { tally.wrong.add("called before opened") }
      if isCalled { tally.wrong.add("called within a call") }
      isCalled = true
      defer { isCalled = false }
      for _ in 0..<Int.random(in: 0...3, using: &generator) {
        let action = step(&connection)
        if action != .none { return action }
      }
      return .none
    }

    private mutating func write(_ connection: inout Connection) {
      guard !connection.isOutputFull, let output = connection.context as? Output else { return }
      let size = Int(generator.next() % 8) == 0 ? 30_000 : Int.random(in: 0...3000, using: &generator)
      output.write(size, to: &connection)
    }

    private mutating func step(_ connection: inout Connection) -> Action {
      switch generator.next() % 40 {
      case 0..<14: write(&connection)
      case 14..<17: connection.wake()
      case 17..<19: connection.isReadingPaused.toggle()
      case 19..<21: connection.setTimeout(.microseconds(Int64.random(in: 0...5000, using: &generator)))
      case 21: connection.setTimeout(nil)
      case 22..<27: reachAnother(&connection)
      case 27..<31:
        let size = Int.random(in: 0...2000, using: &generator)
        connection.handle.perform { connection in
          (connection.context as? Output)?.write(size, to: &connection)
          return .none
        }
      case 31: connection.handle.wake()
      case 32:
        let handle = connection.handle
        connection.loop.schedule(after: .microseconds(Int64(generator.next() % 2000))) {
          handle.withConnection { connection in
            connection.isReadingPaused = false
            (connection.context as? Output)?.write(100, to: &connection)
          }
        }.keep()
      case 33..<35:
        let next = Int(generator.next() % 2)
        connection.become(services.withLock { $0[next] })
        tally.handedOver.add()
      case 35: connection.endOutput()
      case 36: if generator.next() % 2 == 0 { connection.abort() } else { connection.handle.abort() }
      case 37: return generator.next() % 2 == 0 ? .close : .none
      case 38: if generator.next() % 2 == 0 { connection.close() } else { connection.handle.close() }
      default: return generator.next() % 2 == 0 ? .detach : .none
      }
      return .none
    }

    private mutating func reachAnother(_ connection: inout Connection) {
      // By way of a name of its own: the thread sanitizer takes the first word of a noncopyable handler for a variable that
      // is written, when a property of an object in the handler is.
      let shard = shard
      shard.handles.removeAll { !$0.isOpen }
      guard let handle = shard.handles.randomElement(using: &generator) else { return }
      let choice = generator.next() % 16
      handle.withConnection { other in
        if !other.isOutputFull { (other.context as? Output)?.write(1500, to: &other) }
        switch choice {
        case 0: other.close()
        case 1: other.abort()
        case 2: other.isReadingPaused.toggle()
        case 3: other.setTimeout(.milliseconds(1))
        case 4: other.wake()
        default: break
        }
      }
    }
  }

  private static func converse(_ client: Client, _ generator: inout SeededGenerator, _ tally: Tally) {
    for _ in 0..<Int.random(in: 1...20, using: &generator) {
      guard (try? client.send([UInt8](repeating: 1, count: Int.random(in: 1...2000, using: &generator)))) != nil
      else { break }
      if generator.next() % 4 == 0 { _ = poll(nil, 0, 1) }
    }
    if generator.next() % 8 == 0 { return client.reset() }
    if generator.next() % 2 == 0 { client.endOutput() }
    // A reset ends it too.
    try? client.receiveToEnd { position, bytes in
      var isRight = true
      for (index, byte) in bytes.enumerated() where Int(byte) != (position + index) % period { isRight = false }
      if !isRight { tally.wrong.add("a byte out of place near \(position)") }
    }
  }

  @Test(
    "whatever handlers, peers and handles do, calls come in order, ends come once, and output is never out of place",
    arguments: 1...4, [StreamTransport.tcp4, .unix])
  func random(seed: Int, transport: StreamTransport) throws {
    let (tally, services) = (Tally(), Guarded([Service]()))
    for _ in 0..<2 {
      let service = Service(perLoop: { _ in Shard() }) { connection, shard in
        Handler(&connection, shard, tally, services, seed: UInt64(seed))
      }
      services.withLock { $0.append(service) }
    }
    // The services know each other.
    defer { services.withLock { $0.removeAll() } }
    var options = Options()
    options.outboundHighWatermark = Self.high
    options.outboundLowWatermark = 5000
    options.readBufferCapacity = 4096
    options.idleTimeout = .milliseconds(150)
    options.readTimeout = .milliseconds(120)
    options.allowHalfClosure = seed % 2 == 0
    options.drainTimeout = .milliseconds(50)
    try withService(services.withLock { $0[0] }, loopCount: 2, transport: transport, options: options) { server in
      let (threadCount, finished) = (4, Counter())
      for thread in 0..<threadCount {
        TestThread.detach {
          var generator = SeededGenerator(seed: UInt64(seed * 100 + thread))
          for _ in 0..<30 {
            guard let client = try? Client(server.addresses[0]) else { continue }
            Self.converse(client, &generator, tally)
          }
          finished.add()
        }
      }
      try require("all clients have finished", within: .seconds(60)) { finished.value == threadCount }
      // Some that are open when the server ends.
      let clients = try (0..<10).map { _ in try Client(server.addresses[0]) }
      for client in clients { try? client.send("x") }
    }
    #expect(tally.wrong.values == [], "seed \(seed)")
    #expect(tally.made.value == tally.opened.value && tally.made.value == tally.released.value, "seed \(seed)")
    #expect(tally.ended.value <= tally.made.value && tally.ended.value >= tally.made.value - tally.handedOver.value)
    #expect(tally.made.value >= 130)
  }
}
