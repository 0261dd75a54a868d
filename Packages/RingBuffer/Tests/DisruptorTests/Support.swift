import Synchronization

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

/// A noncopyable element that a census counts.
struct Token: ~Copyable, Sendable {
  let number: Int
  private let census: Census

  init(_ number: Int, in census: Census) {
    self.number = number
    self.census = census
    census.begin()
  }

  deinit { census.end() }
}

/// A class element that a census counts.
final class Parcel: Sendable {
  let number: Int
  private let census: Census

  init(_ number: Int, in census: Census) {
    self.number = number
    self.census = census
    census.begin()
  }

  deinit { census.end() }
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
