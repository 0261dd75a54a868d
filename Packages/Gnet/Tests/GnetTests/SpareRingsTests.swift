import RingBuffer
import TestPeers
import TestSupport
import Testing

@testable import Gnet

@Suite struct SpareRingsTests {
  /// A ring of this capacity, with a few bytes in it.
  private func ring(_ capacity: Int) -> RingBuffer {
    var ring = RingBuffer(minimumCapacity: capacity)
    ring.write([1, 2, 3])
    return ring
  }

  @Test("what was given is taken, empty, and after that there are rings without storage")
  func reuse() {
    let spare = SpareRings(limit: 1000)
    for capacity in [64, 128] {
      var given = ring(capacity)
      spare.give(&given)
      #expect(given.capacity == 0)
    }
    #expect(spare.byteCount == 192)
    for capacity in [128, 64, 0, 0] {
      let taken = spare.take()
      #expect(taken.capacity == capacity && taken.count == 0)
    }
    #expect(spare.byteCount == 0)
  }

  @Test("what is beyond the limit is left to the giver")
  func limit() {
    let spare = SpareRings(limit: 10_000)
    for _ in 0..<1000 {
      var given = ring(256)
      spare.give(&given)
    }
    #expect(spare.byteCount == 39 * 256)
    var given = ring(256)
    spare.give(&given)
    #expect(given.capacity == 256)
  }

  @Test("a ring without storage is not kept")
  func empty() {
    let spare = SpareRings(limit: 1000)
    var given = RingBuffer()
    spare.give(&given)
    #expect(!spare.trim())
  }

  @Test("trimming keeps as many as were needed since the last time")
  func trimming() {
    let spare = SpareRings(limit: 1 << 20)
    for _ in 0..<100 {
      var given = ring(64)
      spare.give(&given)
    }
    #expect(spare.trim() && spare.byteCount == 6400, "all are new")
    // 30 at once are needed.
    for _ in 0..<3 {
      var rings = Stack<RingBuffer>()
      for _ in 0..<30 { rings.push(spare.take()) }
      while var ring = rings.pop() { spare.give(&ring) }
    }
    #expect(spare.trim() && spare.byteCount == 30 * 64)
    #expect(!spare.trim() && spare.byteCount == 0)
  }

  @Test("a loop keeps what a burst from another thread has used for the next one, and soon gives it up")
  func burst() throws {
    try withOpenConnection(Events()) { server, client, handle in
      let spare = server.server.loops[0].spareRings
      #expect(spare.byteCount == 0)
      // Again and again, for it is not kept for long.
      try require("it is kept") {
        if spare.byteCount > 0 { return true }
        handle.write(pattern(3000))
        return false
      }
      try require("it is given up") { spare.byteCount == 0 }
      withExtendedLifetime(client) {}
    }
  }
}
