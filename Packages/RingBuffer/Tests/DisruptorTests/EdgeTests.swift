import Disruptor
import Testing

@Suite("On one thread")
struct EdgeTests {
  static let capacities = [1, 2, 4, 64]

  @Test("a capacity is rounded up to a power of two", arguments: [(1, 1), (2, 2), (3, 4), (1000, 1024)])
  func rounding(asked: Int, given: Int) {
    #expect(Disruptor<Int>(capacity: asked).capacity == given)
  }

  @Test("a full ring hands the element back and keeps the others", arguments: capacities)
  func full(capacity: Int) {
    let ring = Disruptor<Int>(capacity: capacity)
    for number in 0..<capacity { #expect(ring.tryPublish(number) == nil) }
    #expect(ring.tryPublish(-1) == -1)
    #expect(ring.tryPublish(-2) == -2)
    #expect(drained(ring) == Array(0..<capacity))
    #expect(ring.tryPublish(7) == nil)
    #expect(drained(ring) == [7])
  }

  @Test("an empty ring has nothing to drain", arguments: capacities)
  func empty(capacity: Int) {
    let ring = Disruptor<Int>(capacity: capacity)
    #expect(ring.isEmpty)
    #expect(drained(ring) == [])
    #expect(ring.tryPublish(1) == nil)
    #expect(!ring.isEmpty)
    #expect(drained(ring) == [1])
    #expect(ring.isEmpty)
    #expect(drained(ring) == [])
  }

  @Test("a drain stops at its limit and the next one goes on from there", arguments: [0, 1, 3, 7, 8, 9])
  func limit(limit: Int) {
    let ring = Disruptor<Int>(capacity: 8)
    for number in 0..<8 { #expect(ring.tryPublish(number) == nil) }
    #expect(drained(ring, limit: limit) == Array(0..<min(limit, 8)))
    #expect(ring.isEmpty == (limit >= 8))
    #expect(drained(ring) == Array(min(limit, 8)..<8))
  }

  @Test("every fill level is kept over many laps", arguments: capacities)
  func laps(capacity: Int) {
    let ring = Disruptor<Int>(capacity: capacity)
    var next = 0
    for level in 1...capacity {
      for _ in 0..<(3 * capacity / level + 3) {
        let batch = Array(next..<(next + level))
        next += level
        for number in batch { #expect(ring.tryPublish(number) == nil) }
        #expect(ring.isEmpty == false)
        #expect(drained(ring) == batch)
      }
    }
  }

  @Test("sequences wrap around without a trace", arguments: [Int.max - 5, Int.min, -5, -1, Int.max])
  func wrapAround(firstSequence: Int) {
    for capacity in Self.capacities {
      let ring = Disruptor<Int>(capacity: capacity, firstSequence: firstSequence)
      #expect(ring.isEmpty)
      var next = 0
      for round in 0..<200 {
        let level = round % capacity + 1
        for number in next..<(next + level) { #expect(ring.tryPublish(number) == nil) }
        if level == capacity { #expect(ring.tryPublish(-1) == -1) }
        #expect(!ring.isEmpty)
        #expect(drained(ring) == Array(next..<(next + level)))
        #expect(ring.isEmpty)
        next += level
      }
    }
  }

  @Test("a wide, an odd and an empty element each find their place")
  func layouts() {
    let wide = Disruptor<SIMD16<Double>>(capacity: 4)
    let odd = Disruptor<(UInt8, UInt64, UInt8)>(capacity: 4)
    let void = Disruptor<Void>(capacity: 4)
    for lap in 0..<3 {
      for number in 0..<4 {
        #expect(wide.tryPublish(SIMD16(repeating: Double(number))) == nil)
        #expect(odd.tryPublish((UInt8(number), .max, 0xAB)) == nil)
        #expect(void.tryPublish(()) == nil)
      }
      #expect(void.tryPublish(()) != nil)
      var number = 0
      wide.drain { element in
        #expect(element == SIMD16(repeating: Double(number)), "lap \(lap)")
        number += 1
      }
      number = 0
      odd.drain { element in
        #expect(element == (UInt8(number), .max, 0xAB), "lap \(lap)")
        number += 1
      }
      #expect(void.drain { _ in } == 4)
    }
  }

  /// The elements that a drain hands over.
  private func drained(_ ring: Disruptor<Int>, limit: Int = .max) -> [Int] {
    var elements: [Int] = []
    let count = ring.drain(limit: limit) { elements.append($0) }
    #expect(count == elements.count)
    return elements
  }
}

@Suite("From the body of a drain")
struct ReentrancyTests {
  @Test("the body publishes into the ring that is being drained", arguments: [1, 2, 16])
  func publishing(capacity: Int) {
    let ring = Disruptor<Int>(capacity: capacity)
    #expect(ring.tryPublish(0) == nil)
    var seen: [Int] = []
    ring.drain { number in
      seen.append(number)
      if number < 1000 { #expect(ring.tryPublish(number + 1) == nil) }
    }
    #expect(seen == Array(0...1000))
    #expect(ring.isEmpty)
  }

  @Test("the body refills a full ring by one element per element", arguments: [1, 2, 16])
  func refilling(capacity: Int) {
    let ring = Disruptor<Int>(capacity: capacity)
    for number in 0..<capacity { #expect(ring.tryPublish(number) == nil) }
    var seen: [Int] = []
    let count = ring.drain(limit: 100) { number in
      seen.append(number)
      #expect(ring.tryPublish(number + capacity) == nil)
      #expect(ring.tryPublish(-1) == -1, "only one slot was free")
    }
    #expect(count == 100)
    #expect(seen == Array(0..<100))
    #expect(ring.drain { _ in } == capacity)
  }

  @Test("a limit ends a drain whose body always publishes")
  func endless() {
    let ring = Disruptor<Int>(capacity: 4)
    #expect(ring.tryPublish(0) == nil)
    let count = ring.drain(limit: 1000) { #expect(ring.tryPublish($0 + 1) == nil) }
    #expect(count == 1000)
    #expect(!ring.isEmpty)
  }

  @Test("draining from the body of a drain is a mistake")
  func draining() async {
    await #expect(processExitsWith: .failure) {
      let ring = Disruptor<Int>(capacity: 4)
      _ = ring.tryPublish(1)
      ring.drain { _ in ring.drain { _ in } }
    }
  }

  @Test("another ring may be drained from the body of a drain")
  func drainingAnother() {
    let outer = Disruptor<Int>(capacity: 2)
    let inner = Disruptor<Int>(capacity: 2)
    #expect(outer.tryPublish(1) == nil)
    #expect(inner.tryPublish(2) == nil)
    var seen: [Int] = []
    outer.drain { number in
      seen.append(number)
      inner.drain { seen.append($0) }
    }
    #expect(seen == [1, 2])
  }
}

@Suite("Mistakes")
struct PreconditionTests {
  @Test("a capacity of 0")
  func zeroCapacity() async {
    await #expect(processExitsWith: .failure) { _ = Disruptor<Int>(capacity: 0) }
  }

  @Test("a negative capacity")
  func negativeCapacity() async {
    await #expect(processExitsWith: .failure) { _ = Disruptor<Int>(capacity: -1) }
  }

  @Test("a capacity beyond the address space")
  func hugeCapacity() async {
    await #expect(processExitsWith: .failure) { _ = Disruptor<Int>(capacity: .max) }
    await #expect(processExitsWith: .failure) { _ = Disruptor<Int>(capacity: 1 << 61) }
  }

  @Test("a negative limit")
  func negativeLimit() async {
    await #expect(processExitsWith: .failure) { _ = Disruptor<Int>(capacity: 1).drain(limit: -1) { _ in } }
  }
}
