import RingBuffer
import TestPeers
import TestSupport
import Testing

@testable import Gnet

/// The most storage of a queue that holds some bytes: a page, or 64 times as much as the bytes need.
private func mostStorage(for count: Int) -> Int { max(4096, 64 * count) }

@Suite("memory of a connection after a burst") struct HeldMemoryTests {
  @Test(
    "a byte that a handler leaves does not hold the memory of a burst, however often bursts come",
    arguments: StreamTransport.allCases, [30_000, 300_000, 8 << 20])
  func unreadByte(transport: StreamTransport, size: Int) throws {
    let capacities = Log<Int>()
    let rounds = Counter()
    let events = Events { _, input in
      if input.count > size {
        input.discard(input.count - 1)
        rounds.add()
      } else if input.count == 2 {
        capacities.add(input.capacity)
        input.discard(1)
      }
      return .none
    }
    try withServer(events, on: [transport.address()]) { server in
      let client = try Client(server.address())
      try client.send("-")
      for round in 1...3 {
        try client.send(pattern(size))
        try require("the burst is consumed") { rounds.value == round }
        // Comes alone, behind the byte that was left.
        try client.send("-")
        try require("the handler has looked") { capacities.count == round }
      }
    }
    #expect(capacities.values.allSatisfy { $0 <= mostStorage(for: 2) }, "\(capacities.values)")
  }

  @Test("output that waits for a slow peer does not hold more memory than it needs")
  func unsentOutput() throws {
    let size = 4 << 20
    let held = Log<(count: Int, capacity: Int)>()
    var events = Events { connection, input in
      input.removeAll()
      connection.write(pattern(size))
      return .none
    }
    events.preWrite = { connection, _ in
      let outbound = connection.state.pointee.outbound.count
      held.add((outbound, connection.state.pointee.outbound.capacity))
    }
    var options = Options()
    options.socketSendBuffer = 4096
    try withServer(events, options: options) { server in
      let client = try Client(unconnectedTo: server.address())
      client.setReceiveBuffer(4096)
      try client.connect(to: server.address())
      for _ in 0..<2 {
        try client.send("x")
        #expect(try client.receive(exactly: size) == pattern(size))
      }
    }
    let waiting = held.values.filter { $0.count > 0 }
    #expect(waiting.contains { $0.count < size / 64 }, "the output drains little by little")
    #expect(waiting.allSatisfy { $0.capacity <= mostStorage(for: $0.count) })
  }
}
