import Poller
import Synchronization
import SystemPackage
import TestSupport
import Testing

@Suite("Waker")
struct WakerTests {
  @Test("wake-ups before a wait are one event, counted, with the poller's token")
  func coalescing() throws {
    let poller = try Poller()
    let waker = poller.waker
    let copy = waker
    for _ in 0..<3 {
      waker.wake()
      copy.wake()
      poller.waker.wake()
      let events = try poller.look()
      #expect(events.map(\.isWake) == [true])
      #expect(events.map(\.token.rawValue) == [.max])
      #expect(events.map { $0.isReadable || $0.isWritable || $0.isError || $0.isPeerClosed } == [false])
      #expect(try poller.look().isEmpty)
    }
  }

  @Test("a wake-up ends a wait without a time limit")
  func otherThread() throws {
    let poller = try Poller()
    let waker = poller.waker
    let thread = TestThread { waker.wake() }
    let count = try poller.wait(timeout: nil) { event in #expect(event.isWake) }
    thread.join()
    #expect(count == 1)
  }

  @Test("a wake-up is delivered along with other events")
  func alongWithOthers() throws {
    let poller = try Poller()
    try poller.withWatchedPipe(.readable) { pipe in
      try pipe.right.write(count: 1)
      poller.waker.wake()
      let events = try poller.look()
      #expect(events.count == 2)
      #expect(events.filter(\.isWake).count == 1)
      #expect(events.filter { $0.token == 1 }.count == 1)
    }
  }

  @Test("a wake-up asked for while one is handled is delivered by the next wait")
  func fromBody() throws {
    let poller = try Poller()
    let waker = poller.waker
    waker.wake()
    for _ in 0..<10 {
      #expect(try poller.wait(timeout: .zero) { _ in waker.wake() } == 1)
    }
    #expect(try poller.look().count == 1)
    #expect(try poller.look().isEmpty)
  }

  @Test("a poller can be woken any number of times")
  func manyCycles() throws {
    let poller = try Poller()
    let waker = poller.waker
    var woken = 0
    for _ in 0..<100_000 {
      waker.wake()
      woken += try poller.wait(timeout: .zero) { _ in }
    }
    #expect(woken == 100_000)
  }

  @Test("what is published before a wake-up is seen by who handles it")
  func publication() throws {
    let poller = try Poller()
    let waker = poller.waker
    // Plain memory: only the wake-up orders the publisher's writes and the handler's reads.
    let mail = unsafe SharedPointer(UnsafeMutablePointer<Int>.allocate(capacity: 1))
    unsafe mail.pointer.initialize(to: 0)
    defer { unsafe mail.pointer.deallocate() }
    let handled = SharedNumber()
    let rounds = 20_000
    let publisher = TestThread {
      for round in 1...rounds {
        unsafe mail.pointer.pointee = round
        waker.wake()
        guard eventually({ handled.value.load(ordering: .acquiring) == round }) else { return }
      }
    }
    var round = 0
    while round < rounds {
      let woken = try poller.wait(timeout: .seconds(20)) { _ in
        round += 1
        unsafe #expect(mail.pointer.pointee == round)
        handled.value.store(round, ordering: .releasing)
      }
      guard woken == 1 else { break }
    }
    publisher.join()
    #expect(round == rounds, "a wake-up was lost")
  }

  @Test("of many publishers at once none is missed", arguments: [2, 4])
  func manyPublishers(_ count: Int) throws {
    let poller = try Poller()
    let waker = poller.waker
    let rounds = 5_000
    let published = (0..<count).map { _ in SharedNumber() }
    let handled = (0..<count).map { _ in SharedNumber() }
    let publishers = (0..<count).map { index in
      TestThread {
        for round in 1...rounds {
          published[index].value.store(round, ordering: .relaxed)
          waker.wake()
          // Each round needs a wake-up, its own or a shared one: a lost wake-up stops the publisher for good.
          guard eventually({ handled[index].value.load(ordering: .relaxed) == round }) else { return }
        }
      }
    }
    var isDone = false
    while !isDone {
      let woken = try poller.wait(timeout: .seconds(20)) { _ in
        isDone = true
        for index in 0..<count {
          let round = published[index].value.load(ordering: .relaxed)
          handled[index].value.store(round, ordering: .relaxed)
          if round < rounds { isDone = false }
        }
      }
      guard woken == 1 else { break }
    }
    publishers.forEach { $0.join() }
    #expect(isDone, "a wake-up was lost")
  }
}

/// A number that threads share, each access with an ordering of its own.
final class SharedNumber: Sendable {
  let value = Atomic<Int>(0)
}

// `@unchecked Sendable` because the tests order all access to the memory themselves, which the thread sanitizer checks.
@unsafe struct SharedPointer: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Int>

  init(_ pointer: UnsafeMutablePointer<Int>) {
    unsafe self.pointer = unsafe pointer
  }
}
