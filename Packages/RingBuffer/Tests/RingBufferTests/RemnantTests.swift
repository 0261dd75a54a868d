import RingBuffer
import TestSupport
import Testing

@Suite("A remnant of a burst")
struct RemnantTests {
  @Test("one byte does not pin a burst, however it was read", arguments: [1 << 16, 1 << 20, 1 << 26])
  func oneByte(capacity: Int) {
    let bytes = pattern(capacity)
    for piece in [capacity - 1, capacity / 2 - 1, 65_536, 4095] {
      var ring = RingBuffer()
      ring.write(bytes)
      #expect(ring.capacity == capacity)
      while ring.count > 1 { ring.discard(min(piece, ring.count - 1)) }
      check(ring.capacity < 1 << 16 && ring.holds([bytes[capacity - 1]]), "\(ring.capacity) after pieces of \(piece)")
    }
  }

  @Test("what is left is kept, wherever it lies")
  func contents() {
    let capacity = 1 << 16
    let bytes = pattern(capacity)
    for start in [0, 1, 500, capacity / 2, capacity - 1500] {
      var ring = RingBuffer()
      ring.write(bytes)
      ring.discard(start)
      ring.write(pattern(start, from: 7))
      let expected = (bytes + pattern(start, from: 7)).suffix(1000)
      ring.discard(ring.count - 1000)
      #expect(ring.capacity == 4096)
      check(ring.holds(Array(expected)), "start \(start)")
    }
  }

  @Test("more than a 64th, nothing at all, and storage below 64 KiB wait for quiet turns")
  func exceptions() {
    for (written, left) in [(1 << 20, 1 << 14 + 1), (1 << 20, 0), (1 << 15, 1)] {
      var ring = RingBuffer()
      ring.write(pattern(written))
      ring.discard(written - left)
      #expect(ring.capacity == written && ring.count == left)
    }
  }

  @Test("nothing goes below what was reserved")
  func reserved() {
    var ring = RingBuffer(minimumCapacity: 1 << 18)
    ring.write(pattern(1 << 18))
    ring.discard(1 << 18 - 1)
    #expect(ring.capacity == 1 << 18)
    ring.write(pattern(1 << 20))
    ring.discard(1 << 20)
    #expect(ring.count == 1 && ring.capacity == 1 << 18)
  }

  @Test("a peak that comes back keeps its storage from then on, until 32 quiet turns have passed")
  func returning() {
    var ring = RingBuffer()
    let burst = pattern(1 << 20)
    func burstAndFall() {
      ring.write(burst)
      ring.discard(ring.count - 1)
    }
    burstAndFall()
    #expect(ring.capacity == 4096)
    for _ in 0..<5 {
      burstAndFall()
      #expect(ring.capacity == 1 << 21)
      trickle(31, through: &ring)
      #expect(ring.capacity == 1 << 21)
    }
    trickle(1, through: &ring)
    #expect(ring.capacity == 64)
    burstAndFall()
    #expect(ring.capacity == 4096)
  }

  @Test("a remnant interrupts no row of quiet turns")
  func quietTurns() {
    var ring = RingBuffer()
    ring.write(pattern(1 << 20))
    ring.discard(1 << 20)
    for _ in 0..<31 {
      ring.write([1, 2])
      ring.discard(1)
      ring.discard(1)
    }
    #expect(ring.capacity == 4096)
    trickle(1, through: &ring)
    #expect(ring.capacity == 64)
  }

  @Test("storage that was taken over is given back, too")
  func takenOver() {
    var ring = RingBuffer()
    var other = RingBuffer()
    other.write(pattern(1 << 20))
    ring.append(moving: &other)
    ring.discard(1 << 20 - 1)
    #expect(ring.capacity == 4096)
  }

  /// Writes and reads two bytes, some times.
  private func trickle(_ count: Int, through ring: inout RingBuffer) {
    for _ in 0..<count {
      ring.write([1, 2])
      ring.discard(2)
    }
  }
}
