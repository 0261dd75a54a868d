import RingBuffer
import Synchronization
import SystemPackage
import TestPeers
import TestSupport
import Testing

@testable import Gnet

/// The history of a connection, as its context. Only its loop's thread touches it: the test is about that.
private final class History: @unchecked Sendable {
  let thread = TestThread.current
  let remote: SocketAddress
  let loop: Int
  var isEnded = false
  var isInside = false
  var seen: [UInt8] = []

  init(_ connection: borrowing Connection) {
    remote = connection.remoteAddress
    loop = connection.loop.index
  }
}

/// Finds callbacks that come too early, too late, twice, at once or on the wrong thread.
private final class OrderKeeper: Sendable {
  let violations = Log<String>()
  let opened = Counter()
  let closed = Counter()
  let detached = Counter()
  let released = Counter()
  let reacts = Counter()

  func check(_ connection: inout Connection, _ event: String, ends: Bool = false) -> History? {
    guard let history = (connection.context as? Kept)?.history else {
      violations.add("\(event) without onOpened")
      return nil
    }
    if history.isEnded { violations.add("\(event) after the end") }
    if history.isInside { violations.add("\(event) inside another callback") }
    if history.thread != TestThread.current { violations.add("\(event) on another thread") }
    if history.remote != connection.remoteAddress { violations.add("\(event) of another peer") }
    if history.loop != connection.loop.index { violations.add("\(event) on another loop") }
    if ends { history.isEnded = true }
    return history
  }

  func open(_ connection: inout Connection) {
    if connection.context != nil { violations.add("opened twice, or with another's context") }
    let released = released
    connection.context = Kept(History(connection)) { released.add() }
    opened.add()
  }
}

/// A history that tells when it is released.
private final class Kept: Sendable {
  let history: History
  private let release: @Sendable () -> Void
  init(_ history: History, release: @escaping @Sendable () -> Void) {
    self.history = history
    self.release = release
  }
  deinit { release() }
}

@Suite("the order of callbacks") struct CallbackOrderTests {
  @Test(
    "every connection keeps its order, its thread and its bytes while many come, talk and go in every way",
    arguments: StreamSetup.all)
  func manyConnections(setup: StreamSetup) throws {
    let keeper = OrderKeeper()
    var events = Events()
    events.onOpened = { connection in
      keeper.open(&connection)
      return .none
    }
    events.preWrite = { connection, byteCount in
      _ = keeper.check(&connection, "preWrite")
      if byteCount == 0 { keeper.violations.add("preWrite of nothing") }
    }
    events.react = { connection, input in
      keeper.reacts.add()
      guard let history = keeper.check(&connection, "react") else { return .close }
      history.isInside = true
      defer { history.isInside = false }
      var action = Action.none
      while let byte = input.readByte() {
        connection.write([byte])
        switch byte {
        case UInt8(ascii: "c"): action = .close
        case UInt8(ascii: "C"): connection.close()
        case UInt8(ascii: "d"): action = .detach
        case UInt8(ascii: "w"): connection.wake()
        case UInt8(ascii: "h"): connection.handle.write("H")
        case UInt8(ascii: "b"): connection.write(pattern(200_000))
        default: break
        }
      }
      return action
    }
    events.onClosed = { connection, error in
      _ = keeper.check(&connection, "onClosed", ends: true)
      keeper.closed.add()
      return .none
    }
    events.onDetached = { connection, detached in
      _ = keeper.check(&connection, "onDetached", ends: true)
      keeper.detached.add()
      return .none
    }
    let seed = UInt64.random(in: 0 ... .max)
    let rounds = 30
    let server = try TestServer(events, options: setup.options, on: [setup.address])
    let finished = Counter()
    let failures = Log<String>()
    let address = server.address()
    for worker in 0..<2 {
      TestThread.detach {
        var random = SeededGenerator(seed: seed &+ UInt64(worker))
        do {
          for _ in 0..<rounds { try Self.talk(to: address, &random) }
        } catch {
          failures.add("\(error), seed \(seed)")
        }
        finished.add()
      }
    }
    try require("all have talked") { finished.value == 2 }
    // Some are open when the server ends.
    let open = try (0..<4).map { _ in try Client(server.address()) }
    for client in open { try client.expectEcho("x") }
    try server.stop()
    #expect(failures.values == [])
    #expect(keeper.violations.values == [], "seed \(seed)")
    #expect(keeper.opened.value == keeper.closed.value + keeper.detached.value, "seed \(seed)")
    #expect(keeper.opened.value == 2 * rounds + 4)
    #expect(keeper.released.value == keeper.opened.value)
    #expect(keeper.detached.value > 0 && keeper.closed.value > 4 && keeper.reacts.value > 0)
    let sums = server.server.loops.map(\.statistics)
    #expect(sums.reduce(0) { $0 + $1.connectionsOpened } == UInt64(keeper.opened.value))
    #expect(sums.reduce(0) { $0 + $1.connectionsClosed } == UInt64(keeper.opened.value))
    #expect(sums.allSatisfy { $0.connectionsActive == 0 && $0.pendingOutputBytes == 0 })
  }

  /// Sends some letters, some of which end the connection, and goes.
  private static func talk(to address: SocketAddress, _ random: inout SeededGenerator) throws {
    let client = try Client(address)
    let letters = Array("xxwwhb".utf8)
    for _ in 0..<Int.random(in: 0...6, using: &random) {
      try client.send([letters.randomElement(using: &random)!])
      if Bool.random(using: &random) { _ = try client.receive(upTo: 100) }
    }
    switch Int.random(in: 0..<6, using: &random) {
    case 0: try client.send("c")
    case 1: try client.send("C")
    case 2: try client.send("d")
    case 3: try client.send("wd")
    case 4: client.reset()
    default: client.endOutput()
    }
    // Read to the end, or not: then the server meets a reset.
    if client.fd >= 0, Bool.random(using: &random) { while let bytes = try? client.receive(), !bytes.isEmpty {} }
  }
}
