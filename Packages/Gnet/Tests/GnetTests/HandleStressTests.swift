import RingBuffer
import Synchronization
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

/// The state that the threads of the stress test share.
private final class Exchange: Sendable {
  static let threadCount = 8
  private struct State {
    var handles: [(id: UInt32, handle: ConnectionHandle)] = []
    var next: UInt32 = 0
    var accepted: [UInt32: [UInt32]] = [:]
  }
  private let state = Lock(State())
  let isOver = Atomic<Bool>(false)
  let finished = Counter()

  /// Takes a connection in, and returns its number.
  func add(_ handle: ConnectionHandle) -> UInt32 {
    state.withLock { state in
      defer { state.next += 1 }
      state.handles.append((state.next, handle))
      return state.next
    }
  }

  /// Some connections, and sometimes one that is to be closed and not to be handed out again.
  func sample(_ random: inout SeededGenerator, closing: Bool) -> [(id: UInt32, handle: ConnectionHandle)] {
    state.withLock { state in
      if state.handles.isEmpty { return [] }
      if closing {
        let index = Int.random(in: 0..<state.handles.count, using: &random)
        state.handles.swapAt(index, state.handles.count - 1)
        return [state.handles.removeLast()]
      }
      return (0..<16).map { _ in state.handles.randomElement(using: &random)! }
    }
  }

  func takeAll() -> [ConnectionHandle] {
    state.withLock { state in
      defer { state.handles = [] }
      return state.handles.map(\.handle)
    }
  }

  /// Notes the counts of a thread's writes.
  func note(_ counts: [UInt32: UInt32], of thread: Int) {
    state.withLock { state in
      for (id, count) in counts {
        state.accepted[id, default: [UInt32](repeating: 0, count: Self.threadCount)][thread] = count
      }
    }
  }

  var accepted: [UInt32: [UInt32]] { state.withLock { $0.accepted } }
}

/// A client that checks its input: its number, then messages of a thread's number and the thread's count.
private struct Checker {
  let client: Client
  var id: UInt32?
  var received = [UInt32](repeating: 0, count: Exchange.threadCount)
  var rest: [UInt8] = []
  var isInOrder = true

  /// Receives what is there; false at the end of the stream.
  mutating func receive() -> Bool {
    while client.isReadable(within: .zero) {
      guard let bytes = try? client.receive(upTo: 16384) else {
        isInOrder = false
        return false
      }
      if bytes.isEmpty { return false }
      rest += bytes
      var position = 0
      while rest.count - position >= 5 {
        let number = rest[(position + 1)..<(position + 5)].reduce(0) { $0 << 8 | UInt32($1) }
        if id == nil {
          id = number
        } else {
          let thread = Int(rest[position])
          if received[thread] != number { isInOrder = false }
          received[thread] = number + 1
        }
        position += 5
      }
      rest.removeFirst(position)
    }
    return true
  }
}

private func message(_ thread: Int, _ number: UInt32) -> [UInt8] {
  [UInt8(thread)] + (0..<4).reversed().map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
}

@Suite(.serialized) struct HandleStressTests {
  @Test(
    "8 threads write to many connections that come and go: nothing is lost, doubled or out of order",
    arguments: [StreamTransport.tcp4, .unix])
  func manyThreads(transport: StreamTransport) throws {
    let isFull = unsafe getenv("GNET_STRESS") != nil
    let (liveCount, totalCount) = isFull ? (1000, 5000) : (100, 300)
    let exchange = Exchange()
    var events = Events()
    events.onOpened = { connection in
      let id = exchange.add(connection.handle)
      connection.write(message(0, id))
      return .none
    }
    var options = Options(loopCount: 2)
    options.outboundHighWatermark = 16 << 10
    options.outboundLowWatermark = 4 << 10
    try withServer(events, options: options, on: [transport.address()]) { server in
      for thread in 0..<Exchange.threadCount { TestThread.detach { write(as: thread, to: exchange) } }
      var live: [Checker] = []
      var ended: [Checker] = []
      var opened = 0
      try require("all have ended", within: .seconds(isFull ? 300 : 60)) {
        while live.count < liveCount && opened < totalCount, let client = try? Client(server.address()) {
          live.append(Checker(client: client))
          opened += 1
        }
        for index in live.indices.reversed() where !live[index].receive() {
          ended.append(live.remove(at: index))
        }
        // The writers end the connections; the last ones end here.
        if opened == totalCount && ended.count > totalCount - liveCount / 2 {
          exchange.isOver.store(true, ordering: .releasing)
          if exchange.finished.value == Exchange.threadCount { for handle in exchange.takeAll() { handle.close() } }
        }
        return ended.count == totalCount
      }
      let accepted = exchange.accepted
      var total = 0
      for checker in ended {
        let id = try #require(checker.id)
        let expected = accepted[id] ?? [UInt32](repeating: 0, count: Exchange.threadCount)
        #expect(checker.isInOrder && checker.rest.isEmpty && checker.received == expected)
        total += expected.reduce(0) { $0 + Int($1) }
      }
      #expect(Set(ended.compactMap(\.id)).count == totalCount)
      #expect(total > totalCount)
    }
  }

  /// The work of each thread until all is over.
  private func write(as thread: Int, to exchange: Exchange) {
    var random = SeededGenerator(seed: UInt64(thread) + 1)
    var counts: [UInt32: UInt32] = [:]
    while !exchange.isOver.load(ordering: .acquiring) {
      for (id, handle) in exchange.sample(&random, closing: false) {
        for _ in 0..<Int.random(in: 1...4, using: &random) {
          if handle.write(message(thread, counts[id, default: 0])) { counts[id, default: 0] += 1 }
        }
        if Int.random(in: 0..<20, using: &random) == 0 { handle.wake() }
      }
      if Int.random(in: 0..<8, using: &random) == 0 {
        for (_, handle) in exchange.sample(&random, closing: true) { handle.close() }
      }
    }
    exchange.note(counts, of: thread)
    exchange.finished.add()
  }

  @Test("loops that write to each other's connections never wait for each other", arguments: [2, 4])
  func crossing(loopCount: Int) throws {
    let (handles, refused) = (Log<ConnectionHandle>(), Counter())
    var events = Events()
    events.logHandles(handles)
    // Every byte that arrives anywhere goes out everywhere.
    events.react = { connection, input in
      let bytes = input.readAll()
      for handle in handles.values where !handle.write(bytes) { refused.add() }
      return .none
    }
    try withServer(events, options: Options(loopCount: loopCount)) { server in
      let clients = try (0..<8).map { _ in try Client(server.address()) }
      try require("all are open") { handles.count == 8 }
      let each = 5000
      for client in clients {
        nonisolated(unsafe) let sender = client
        TestThread.detach { for _ in 0..<each / 100 { try? unsafe sender.send([UInt8](repeating: 1, count: 100)) } }
      }
      for client in clients { #expect(try client.receive(exactly: 8 * each).count == 8 * each) }
      #expect(refused.value == 0)
    }
  }
}
