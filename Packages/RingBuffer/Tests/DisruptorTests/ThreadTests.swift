import Disruptor
import Synchronization
import TestSupport
import Testing

// The thread sanitizer watches these tests; the figures are smaller in debug builds only for time's sake.
@Suite("Between threads", .serialized)
struct ThreadTests {
  static let producerCount = 4

  /// The number of elements that all producers publish together.
  static let elementCount = _isDebugAssertConfiguration() ? 2_000_000 : 10_000_000

  @Test("nothing is lost, doubled or reordered per producer", arguments: [1, 2, 64, 4096])
  func order(capacity: Int) {
    // One size gets the full load; a crowded ring is slow, for each element costs a change of threads.
    let share = (capacity == 4096 ? Self.elementCount : Self.elementCount / 100) / Self.producerCount
    let ring = Disruptor<Stamp>(capacity: capacity, firstSequence: -share)
    let producers = (0..<Self.producerCount).map { producer in
      TestThread {
        for number in 0..<share {
          while ring.tryPublish(Stamp(producer: producer, number: number)) != nil { TestThread.yield() }
        }
      }
    }
    var next = [Int](repeating: 0, count: Self.producerCount)
    var mismatches = 0
    let areAll = ring.drain(exactly: share * Self.producerCount, batch: 256) { stamp in
      if next[stamp.producer] != stamp.number { mismatches += 1 }
      next[stamp.producer] = stamp.number + 1
    }
    guard areAll else { return }
    for producer in producers { producer.join() }
    #expect(mismatches == 0)
    #expect(next == Array(repeating: share, count: Self.producerCount))
    #expect(ring.isEmpty)
    #expect(ring.drain { _ in } == 0)
  }

  @Test("elements on the heap are handed over whole, and end once each")
  func lifetimes() {
    let census = Census()
    let share = Self.elementCount / 100
    do {
      let ring = Disruptor<Parcel>(capacity: 128)
      let producers = (0..<Self.producerCount).map { _ in
        TestThread {
          for number in 0..<share {
            var parcel = Parcel(number, in: census)
            while let refused = ring.tryPublish(parcel) {
              parcel = refused
              TestThread.yield()
            }
          }
        }
      }
      // The last hundred are left behind.
      var sum = 0
      guard ring.drain(exactly: share * Self.producerCount - 100, { sum += $0.number }) else { return }
      for producer in producers { producer.join() }
      #expect(sum > 0)
      #expect(census.living == 100)
      withExtendedLifetime(ring) {}
    }
    #expect(census.living == 0)
    #expect(census.ended == share * Self.producerCount)
  }

  @Test("a producer that publishes into a slot sees all that the consumer did before it freed the slot")
  func slotsComeBackInOrder() {
    let share = 20_000
    let capacity = 4
    let ring = Disruptor<Stamp>(capacity: capacity)
    // Plain memory, so that the thread sanitizer checks the order that `consumed` and `gate` make.
    let notes = Notes(count: 2 * share)
    let wrongNotes = Atomic(0)
    let producers = (0..<2).map { producer in
      TestThread {
        for number in 0..<share {
          while ring.tryPublish(Stamp(producer: producer, number: number)) != nil { TestThread.yield() }
          // The slot's last element, and so at least `capacity` of this producer's, had been taken out, and the
          // body had returned from the one before.
          let earlier = number - capacity - 1
          guard earlier >= 0 else { continue }
          if notes[producer * share + earlier] != earlier + 1 { wrongNotes.add(1, ordering: .relaxed) }
        }
      }
    }
    let areAll = ring.drain(exactly: 2 * share, batch: 64) { notes[$0.producer * share + $0.number] = $0.number + 1 }
    guard areAll else { return }
    for producer in producers { producer.join() }
    #expect(wrongNotes.load(ordering: .relaxed) == 0)
  }

  @Test("the ring may end on a producer's thread")
  func lastReference() {
    let census = Census()
    for _ in 0..<100 {
      let producers: [TestThread]
      do {
        let ring = Disruptor<Token>(capacity: 4)
        producers = (0..<2).map { number in
          TestThread { _ = ring.tryPublish(Token(number, in: census)) }
        }
      }
      for producer in producers { producer.join() }
    }
    #expect(census.living == 0)
    #expect(census.ended == 200)
  }

  @Test("a thread never finds a ring empty that holds its own element")
  func isEmpty() {
    let ring = Disruptor<Int>(capacity: 1 << 15)
    let wrongAnswers = Atomic(0)
    let threads = (0..<Self.producerCount).map { _ in
      TestThread {
        for number in 0..<1000 {
          _ = ring.tryPublish(number)
          if ring.isEmpty { wrongAnswers.add(1, ordering: .relaxed) }
        }
      }
    }
    for thread in threads { thread.join() }
    #expect(wrongAnswers.load(ordering: .relaxed) == 0)
    #expect(ring.drain { _ in } == 4000)
    #expect(ring.isEmpty)
  }

  @Test("the consumer publishes among the producers, and its own order is kept, too")
  func consumerPublishes() {
    let share = 2000
    let ring = Disruptor<Stamp>(capacity: 64)
    let producers = (0..<2).map { producer in
      TestThread {
        for number in 0..<share {
          while ring.tryPublish(Stamp(producer: producer, number: number)) != nil { TestThread.yield() }
        }
      }
    }
    var next = [0, 0, 0]
    var published = 0
    var isInOrder = true
    let deadline = Deadline()
    while next[0] + next[1] < 2 * share || next[2] < published, !deadline.hasPassed {
      let count = ring.drain(limit: 100) { stamp in
        isInOrder = isInOrder && next[stamp.producer] == stamp.number
        next[stamp.producer] += 1
        guard stamp.producer < 2 else { return }
        if ring.tryPublish(Stamp(producer: 2, number: published)) == nil { published += 1 }
      }
      if count == 0 { TestThread.yield() }
    }
    #expect(isInOrder)
    guard next[0] + next[1] == 2 * share else {
      Issue.record("\(next) elements arrived, then no more")
      return
    }
    for producer in producers { producer.join() }
    #expect(next == [share, share, published])
  }
}
