import RingBuffer
import Testing

@Suite("Mistakes end the process")
struct MistakeTests {
  @Test("negative capacities")
  func negativeCapacity() async {
    await #expect(processExitsWith: .failure) { _ = RingBuffer(minimumCapacity: -1) }
    await #expect(processExitsWith: .failure) {
      var ring = RingBuffer()
      ring.reserveCapacity(-1)
    }
    await #expect(processExitsWith: .failure) {
      var ring = RingBuffer()
      _ = ring.freeSegments(minimumCapacity: -1)
    }
  }

  @Test("capacities beyond the largest power of two")
  func hugeCapacity() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = RingBuffer(minimumCapacity: .max)
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("the capacity asked for is too large") || !isDebugBuild)
    await #expect(processExitsWith: .failure) { _ = RingBuffer(minimumCapacity: 1 << 62 + 1) }
    await #expect(processExitsWith: .failure) {
      var ring = RingBuffer()
      ring.reserveCapacity(.max)
    }
    await #expect(processExitsWith: .failure) {
      var ring = RingBuffer()
      ring.writeByte(0)
      _ = ring.freeSegments(minimumCapacity: .max)
    }
  }

  @Test("negative counts")
  func negativeCount() async {
    await #expect(processExitsWith: .failure) {
      var ring = RingBuffer()
      ring.discard(-1)
    }
    await #expect(processExitsWith: .failure) {
      var ring = RingBuffer()
      _ = ring.read(-1)
    }
    await #expect(processExitsWith: .failure) {
      let ring = RingBuffer()
      _ = ring.readable(prefix: -1).byteCount
    }
    await #expect(processExitsWith: .failure) {
      let ring = RingBuffer()
      _ = ring.firstIndex(of: 0, from: -1)
    }
  }

  @Test("negative counts and offsets of peeking and moving")
  func negativePeek() async {
    await #expect(processExitsWith: .failure) {
      let ring = RingBuffer()
      _ = ring.peek(-1)
    }
    await #expect(processExitsWith: .failure) {
      let ring = RingBuffer()
      _ = ring.peekInteger(at: -1, as: UInt8.self)
    }
    await #expect(processExitsWith: .failure) {
      var ring = RingBuffer()
      var other = RingBuffer()
      ring.read(-1, into: &other)
    }
    await #expect(processExitsWith: .failure) {
      let ring = RingBuffer()
      _ = ring.firstRange(of: [1], from: -1)
    }
    await #expect(processExitsWith: .failure) {
      let ring = RingBuffer()
      _ = ring.firstIndex(from: -1) { $0 == 1 }
    }
  }

  @Test("patterns of no bytes, and searches that have matched more than a pattern")
  func patterns() async {
    await #expect(processExitsWith: .failure) { _ = RingBuffer.Pattern([]) }
    await #expect(processExitsWith: .failure) {
      var matched = 2
      let bytes: [UInt8] = [1]
      _ = RingBuffer.Pattern([1, 2]).endOfMatch(in: bytes.span, matched: &matched)
    }
  }

  @Test("committing less than nothing, or more than was free")
  func commit() async {
    await #expect(processExitsWith: .failure) {
      var ring = RingBuffer()
      ring.commit(-1)
    }
    await #expect(processExitsWith: .failure) {
      var ring = RingBuffer(minimumCapacity: 64)
      ring.commit(65)
    }
  }

  @Test("subscripts outside the unread bytes")
  func subscripting() async {
    await #expect(processExitsWith: .failure) {
      let ring = RingBuffer(minimumCapacity: 64)
      _ = ring[0]
    }
    await #expect(processExitsWith: .failure) {
      var ring = RingBuffer()
      ring.write([1, 2])
      _ = ring[2]
    }
    await #expect(processExitsWith: .failure) {
      var ring = RingBuffer()
      ring.write([1, 2])
      _ = ring[-1]
    }
  }
}

// Whether a precondition says why it failed: release builds say nothing.
#if DEBUG
  private let isDebugBuild = true
#else
  private let isDebugBuild = false
#endif
