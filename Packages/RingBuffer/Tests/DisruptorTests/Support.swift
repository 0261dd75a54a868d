import Disruptor
import Synchronization
import TestSupport
import Testing

/// Counts the elements that are alive, and those that have ended.
final class Census: Sendable {
  private let livingCount = Atomic(0)
  private let endedCount = Atomic(0)

  var living: Int { livingCount.load(ordering: .acquiring) }
  var ended: Int { endedCount.load(ordering: .acquiring) }

  func begin() { livingCount.add(1, ordering: .acquiringAndReleasing) }

  func end() {
    livingCount.subtract(1, ordering: .acquiringAndReleasing)
    endedCount.add(1, ordering: .acquiringAndReleasing)
  }
}

/// An element's entry in a census, for as long as the element lives.
struct CensusEntry: ~Copyable, Sendable {
  private let census: Census

  init(_ census: Census) {
    self.census = census
    census.begin()
  }

  deinit { census.end() }
}

/// A noncopyable element that a census counts.
struct Token: ~Copyable, Sendable {
  let number: Int
  private let entry: CensusEntry

  init(_ number: Int, in census: Census) {
    self.number = number
    entry = CensusEntry(census)
  }
}

/// A class element that a census counts.
final class Parcel: Sendable {
  let number: Int
  private let entry: CensusEntry

  init(_ number: Int, in census: Census) {
    self.number = number
    entry = CensusEntry(census)
  }
}

/// An element with the index of its producer, and its number among the elements of that producer.
struct Stamp: Sendable {
  var producer: Int
  var number: Int
}

// It is synchronised by the ring under test, which is what it tests.
/// Numbers in plain memory, all 0 at first.
final class Notes: @unchecked Sendable {
  private let memory: UnsafeMutableBufferPointer<Int>

  init(count: Int) {
    memory = .allocate(capacity: count)
    memory.initialize(repeating: 0)
  }

  deinit { memory.deallocate() }

  subscript(index: Int) -> Int {
    get { memory[index] }
    set { memory[index] = newValue }
  }
}

/// A deadline that no test reaches unless something is lost.
struct Deadline {
  private let end = ContinuousClock.now + .seconds(120)

  var hasPassed: Bool { ContinuousClock.now > end }
}

extension Disruptor where Element: ~Copyable {
  /// Takes out a number of elements as they come, in batches, on the consumer's thread.
  ///
  /// - Returns: Whether they have come in time; if not, the test has failed.
  func drain(exactly count: Int, batch: Int = .max, _ body: (consuming Element) -> Void) -> Bool {
    let deadline = Deadline()
    var missing = count
    while missing > 0, !deadline.hasPassed {
      let drained = drain(limit: min(missing, batch), body)
      if drained == 0 { TestThread.yield() }
      missing -= drained
    }
    if missing > 0 { Issue.record("\(missing) elements never arrived") }
    return missing == 0
  }
}
