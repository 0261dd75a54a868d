import Benchmark
import Disruptor
import Foundation
import NIOConcurrencyHelpers
import NIOCore
import Synchronization

// A mailbox between threads, against what a user would write instead: an array behind a Mutex, swapped out by the
// consumer, and a CircularBuffer behind NIO's lock, popped one element at a time.

private let capacity = 4096

/// A bounded mailbox: takes an element unless it is full, and hands over all its elements.
private protocol Mailbox: Sendable {
  func publish(_ element: Int) -> Bool
  func drain(_ body: (Int) -> Void) -> Int
}

extension Disruptor<Int>: Mailbox {
  fileprivate func publish(_ element: Int) -> Bool { tryPublish(element) == nil }
  fileprivate func drain(_ body: (Int) -> Void) -> Int { drain(limit: .max, body) }
}

private final class MutexArray: Mailbox {
  private let elements = Mutex<[Int]>([])

  func publish(_ element: Int) -> Bool {
    elements.withLock { elements in
      if elements.count == capacity { return false }
      elements.append(element)
      return true
    }
  }

  func drain(_ body: (Int) -> Void) -> Int {
    let taken = elements.withLock { elements in
      var taken: [Int] = []
      taken.reserveCapacity(capacity)
      swap(&taken, &elements)
      return taken
    }
    for element in taken { body(element) }
    return taken.count
  }
}

private final class LockedBuffer: Mailbox {
  private let elements = NIOLockedValueBox(CircularBuffer<Int>(initialCapacity: capacity))

  func publish(_ element: Int) -> Bool {
    elements.withLockedValue { elements in
      if elements.count == capacity { return false }
      elements.append(element)
      return true
    }
  }

  func drain(_ body: (Int) -> Void) -> Int {
    var count = 0
    while let element = elements.withLockedValue({ $0.popFirst() }) {
      body(element)
      count += 1
    }
    return count
  }
}

nonisolated(unsafe) let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(
    metrics: [.wallClock, .throughput], timeUnits: .microseconds, maxDuration: .seconds(2))
  compare("Disruptor") { Disruptor<Int>(capacity: capacity) }
  compare("Mutex and array") { MutexArray() }
  compare("NIO lock and CircularBuffer") { LockedBuffer() }
}

private func compare<Box: Mailbox>(_ name: String, _ make: @escaping @Sendable () -> Box) {
  Benchmark("10 times 1,000 messages published, then drained, on one thread: \(name)") { benchmark in
    let mailbox = make()
    benchmark.startMeasurement()
    for _ in 0..<10 {
      for i in 0..<1000 { blackHole(mailbox.publish(i)) }
      blackHole(mailbox.drain { blackHole($0) })
    }
  }
  for producers in [1, 4] {
    Benchmark("100,000 messages from \(producers == 1 ? "1 thread" : "\(producers) threads"): \(name)") { benchmark in
      let mailbox = make()
      let each = 100_000 / producers
      benchmark.startMeasurement()
      for _ in 0..<producers {
        Thread.detachNewThread {
          for i in 0..<each { while !mailbox.publish(i) { sched_yield() } }
        }
      }
      var received = 0
      while received < each * producers {
        let count = mailbox.drain { blackHole($0) }
        if count == 0 { sched_yield() }
        received += count
      }
      benchmark.stopMeasurement()
    }
  }
}
