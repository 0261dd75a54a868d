import Poller
import RingBuffer
import TestPeers
import TestSupport
import Testing

@testable import Gnet

@Suite("whom a readiness event is for") struct LoopTokenTests {
  private static let slots: [UInt32] = [0, 1, 1 << 31 - 1, 1 << 31, .max - 1, .max]
  private static let generations: [UInt32] = [1, 2, 1 << 31, .max - 2, .max - 1]
  private static let ids = [0, 1, 1 << 16, 1 << 31 - 2, 1 << 31 - 1]

  private static let all: [LoopToken] =
    slots.flatMap { slot in
      generations.map { .connection(ConnectionToken(slot: slot, generation: $0)) }
    } + ids.map { .listener($0) } + ids.map { .datagrams($0) }

  /// All ones, which the poller keeps for itself.
  private static let ofPoller = Poller.Token(rawValue: .max)

  @Test("an event finds the connection or the socket that it was registered for")
  func roundTrip() {
    for token in Self.all { #expect(LoopToken(token.encoded) == token) }
  }

  @Test("no two connections or sockets get each other's events")
  func distinctness() {
    #expect(Set(Self.all.map(\.encoded)).count == Self.all.count)
  }

  @Test("nothing is registered under the poller's own token")
  func ofPoller() {
    for token in Self.all { #expect(token.encoded != Self.ofPoller) }
    // The connection that comes closest: the last slot and the last generation.
    let last = LoopToken.connection(ConnectionToken(slot: .max, generation: .max - 1))
    #expect(last.encoded.rawValue == 0xFFFF_FFFE_FFFF_FFFF)
  }

  @Test("the slots and the generations of a connection's token are those it was made of")
  func parts() {
    for slot in Self.slots {
      for generation in Self.generations {
        let token = ConnectionToken(slot: slot, generation: generation)
        #expect(token.slot == slot && token.generation == generation)
        #expect(ConnectionToken(rawValue: token.rawValue) == token)
      }
    }
  }

  @Test("after its last generation a slot starts with its first, and leaves out those that have another meaning")
  func generations() {
    let last: UInt32 = .max - 1
    #expect(ConnectionToken.generation(after: 1) == 2)
    #expect(ConnectionToken.generation(after: last - 1) == last)
    #expect(ConnectionToken.generation(after: last) == 1)
    var generation = last - 1000
    for _ in 0..<2000 {
      generation = ConnectionToken.generation(after: generation)
      #expect(generation != 0 && generation <= last)
    }
    #expect(generation == 1000)
  }

  @Test("an event that is late for a connection does not reach the next one in its slot")
  func stale() {
    let loop = EventLoop(index: 0, system: Kernel.shared, wake: {}, outboundHighWatermark: 1)
    let (output, forwarded) = (Pinned(RingBuffer()), Pinned(RingBuffer()))
    defer {
      output.destroy()
      forwarded.destroy()
    }
    var table = ConnectionTable(loop: loop, lentOutput: output, forwarded: forwarded)
    var gone: [ConnectionToken] = []
    for round in 0..<200 {
      let slot = table.allocate()
      let token = slot.pointee.token
      #expect(token.slot == 0 && token.generation == UInt32(round + 1), "a slot that is free is used first")
      let found = table.find(token)?.pointee.token
      #expect(found == token)
      for late in gone {
        let isFound = table.find(late) != nil
        #expect(!isFound)
      }
      table.release(slot)
      gone.append(token)
    }
    let isBeyond = table.find(ConnectionToken(slot: .max, generation: 1)) != nil
    #expect(!isBeyond, "a slot that was never there")
  }
}
