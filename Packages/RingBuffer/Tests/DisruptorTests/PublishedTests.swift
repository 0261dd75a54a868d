import Disruptor
import Synchronization
import TestSupport
import Testing

@Suite("A published value")
struct PublishedTests {
  @Test("it is the initial one until another is published, and then the last one")
  func lastOne() {
    let number = Published(7)
    #expect(number.current == 7)
    #expect(number.current == 7)
    for next in [8, .min, .max, 0] {
      number.publish(next)
      #expect(number.current == next)
    }
  }

  @Test("any size and alignment comes back as it went in")
  func layouts() {
    expectRoundTrip(of: [true, false, true])
    expectRoundTrip(of: [0, 1, UInt8.max])
    expectRoundTrip(of: [.zero, Triple(bytes: (1, 2, 3)), Triple(bytes: (.max, 0, .max))])
    expectRoundTrip(of: [Ragged(word: .max, half: 1, byte: 2), Ragged(word: 3, half: .max, byte: .max)])
    expectRoundTrip(of: [SIMD4<Float>(1, 2, 3, 4), SIMD4<Float>(repeating: -0.5)])
    expectRoundTrip(of: [SIMD64<UInt8>(repeating: 1), SIMD64<UInt8>(repeating: 255)])
    expectRoundTrip(of: [Int?.none, .some(0), .some(-1)])
    expectRoundTrip(of: [Nothing(), Nothing()])
  }

  /// Publishes and reads each value, with neighbours whose bytes must stay as they are.
  private func expectRoundTrip<Value: BitwiseCopyable & Sendable & Equatable>(
    of values: [Value], at location: SourceLocation = #_sourceLocation
  ) {
    let published = (0..<3).map { Published(values[$0 % values.count]) }
    for value in values {
      published[1].publish(value)
      #expect(published[1].current == value, sourceLocation: location)
      #expect(published[0].current == values[0], sourceLocation: location)
      #expect(published[2].current == values[2 % values.count], sourceLocation: location)
    }
  }

  @Test("a published prefix changes the first words, and leaves the others and the writer's value as they were")
  func prefixes() {
    let published = Published(InlineArray<5, Int>(repeating: -1))
    var next = InlineArray<5, Int> { $0 }
    for count in 0...5 {
      published.publish(&next, prefix: count)
      let copy = published.current
      for index in 0..<5 {
        #expect(copy[index] == (index < count ? index : -1))
        #expect(next[index] == index)
      }
    }
    // The rest behind the whole words comes with all of them.
    let ragged = Published(Ragged(word: 1, half: 2, byte: 3))
    var other = Ragged(word: 4, half: 5, byte: 6)
    ragged.publish(&other, prefix: 0)
    #expect(ragged.current == Ragged(word: 1, half: 2, byte: 3))
    ragged.publish(&other, prefix: 1)
    #expect(ragged.current == other)
  }

  @Test("a value larger than a page comes back whole")
  func large() {
    let published = Published(InlineArray<1000, Int>(repeating: -1))
    #expect(published.current[999] == -1)
    published.publish(InlineArray<1000, Int> { $0 })
    let copy = published.current
    var mismatches = 0
    for index in 0..<1000 where copy[index] != index { mismatches += 1 }
    #expect(mismatches == 0)
  }
}

// The thread sanitizer watches these tests.
@Suite("A published value between threads", .serialized)
struct PublishedThreadTests {
  static let publicationCount = _isDebugAssertConfiguration() ? 200_000 : 2_000_000

  @Test("readers never see half a value, nor an older one than before", arguments: [1, 3])
  func consistency(readerCount: Int) {
    let published = Published(Echoes(of: 0))
    let torn = Atomic(0)
    let aged = Atomic(0)
    let reads = Atomic(0)
    readWhile(readerCount: readerCount) {
      for number in 1...Self.publicationCount { published.publish(Echoes(of: number)) }
    } read: { last in
      let copy = published.current
      if !copy.isWhole { torn.add(1, ordering: .relaxed) }
      if copy.number < last { aged.add(1, ordering: .relaxed) }
      reads.add(1, ordering: .relaxed)
      return copy.number
    }
    #expect(torn.load(ordering: .relaxed) == 0)
    #expect(aged.load(ordering: .relaxed) == 0)
    #expect(reads.load(ordering: .relaxed) > 0)
    #expect(published.current.number == Self.publicationCount)
  }

  @Test("a reader of a value sees all that the writer did before it published it")
  func order() {
    let count = 10_000
    let published = Published(0)
    // Plain memory, so that the thread sanitizer checks the order that a publication makes.
    let notes = Notes(count: count + 1)
    let wrongNotes = Atomic(0)
    readWhile(readerCount: 2) {
      for number in 1...count {
        notes[number] = number
        published.publish(number)
      }
    } read: { _ in
      let number = published.current
      if notes[number] != number { wrongNotes.add(1, ordering: .relaxed) }
      return number
    }
    #expect(wrongNotes.load(ordering: .relaxed) == 0)
  }

  @Test("threads may publish in turn")
  func turns() {
    let published = Published(Echoes(of: 0))
    let next = Atomic(1)
    let writers = (0..<3).map { writer in
      TestThread {
        for number in 1...3000 where number % 3 == writer {
          while next.load(ordering: .acquiring) != number { TestThread.yield() }
          published.publish(Echoes(of: number))
          next.store(number + 1, ordering: .releasing)
        }
      }
    }
    for writer in writers { writer.join() }
    #expect(published.current.number == 3000)
    #expect(published.current.isWhole)
  }

  /// Writes on this thread while others read, each at least once after the writing has begun and once after its end.
  private func readWhile(
    readerCount: Int, write: () -> Void, read: @escaping @Sendable (_ last: Int) -> Int
  ) {
    let started = Atomic(0)
    let isDone = Atomic(false)
    let readers = (0..<readerCount).map { _ in
      TestThread {
        var last = read(0)
        started.add(1, ordering: .releasing)
        while !isDone.load(ordering: .acquiring) { last = read(last) }
        _ = read(last)
      }
    }
    while started.load(ordering: .acquiring) < readerCount { TestThread.yield() }
    write()
    isDone.store(true, ordering: .releasing)
    for reader in readers { reader.join() }
  }
}

/// A number, many times over, so that a torn copy shows.
private struct Echoes: BitwiseCopyable, Sendable {
  private var copies: InlineArray<19, Int>

  init(of number: Int) { copies = .init(repeating: number) }

  var number: Int { copies[0] }

  var isWhole: Bool { !copies.indices.contains { copies[$0] != copies[0] } }
}

/// Three bytes: less than a word.
private struct Triple: BitwiseCopyable, Sendable, Equatable {
  var bytes: (UInt8, UInt8, UInt8)

  static let zero = Triple(bytes: (0, 0, 0))

  static func == (left: Self, right: Self) -> Bool { left.bytes == right.bytes }
}

/// A word and a part of one.
private struct Ragged: BitwiseCopyable, Sendable, Equatable {
  var word: UInt64
  var half: UInt32
  var byte: UInt8
}

/// No bytes at all.
private struct Nothing: BitwiseCopyable, Sendable, Equatable {}
