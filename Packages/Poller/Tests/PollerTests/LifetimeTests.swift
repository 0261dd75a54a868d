import Poller
import Synchronization
import SystemPackage
import TestSupport
import Testing

// Most run in processes of their own, in which no other test opens or closes descriptors.
@Suite("Lifetime")
struct LifetimeTests {
  @Test("a poller's descriptors are closed on exec")
  func closeOnExec() async {
    await #expect(processExitsWith: .success) {
      let before = try await FileDescriptor.openWhenSettled
      var opened: Set<Int32> = []
      var leaked: Set<Int32> = []
      do {
        let poller = try Poller()
        opened = FileDescriptor.opened(since: before)
        leaked = opened.filter { !FileDescriptor(rawValue: $0).isClosedOnExec }
        poller.waker.wake()
      }
      // The runtime may open some at any time, with a number of the poller's too: the poller's own are gone with it.
      let own = Poller.isEmulated ? opened : opened.subtracting(FileDescriptor.allOpen)
      try #require(!own.isEmpty)
      try #require(leaked.isDisjoint(with: own))
    }
  }

  @Test("a poller's descriptors are gone with it, also when a waker is kept", .ownDescriptorsOnly)
  func descriptorsGone() async {
    await #expect(processExitsWith: .success) {
      let before = try await FileDescriptor.openWhenSettled
      var wakers: [Poller.Waker] = []
      for round in 0..<100 {
        let poller = try Poller()
        if round % 2 == 0 { poller.waker.wake() }
        if round % 3 == 0 { try poller.wait(timeout: .zero) { _ in } }
        wakers.append(poller.waker)
      }
      try #require(FileDescriptor.opened(since: before).isEmpty)
      wakers.forEach { $0.wake() }
      try #require(FileDescriptor.opened(since: before).isEmpty)
    }
  }

  @Test(
    "a waker without a poller leaves those alone who have the descriptor's number by now", .ownDescriptorsOnly
  )
  func numberReused() async {
    await #expect(processExitsWith: .success) {
      let pipe = try FileDescriptor.pipe()
      try pipe.readEnd.setNonBlocking()
      let before = try await FileDescriptor.openWhenSettled
      let (waker, own) = try { () throws in
        let poller = try Poller()
        return (poller.waker, FileDescriptor.opened(since: before))
      }()
      for number in own { _ = try pipe.writeEnd.duplicate(as: FileDescriptor(rawValue: number)) }
      for _ in 0..<10 { waker.wake() }
      try #require(try pipe.readEnd.read(count: 8) == nil)
      try #require(own.isSubset(of: FileDescriptor.allOpen), "nor are they closed a second time")
    }
  }

  @Test("waking while the poller goes away is harmless", .ownDescriptorsOnly)
  func racingDeinit() async {
    await #expect(processExitsWith: .success) {
      let pipe = try FileDescriptor.pipe()
      try pipe.readEnd.setNonBlocking()
      let before = try await FileDescriptor.openWhenSettled
      let target = Target()
      let wakers = (0..<2).map { _ in TestThread { target.wakeUntilDone() } }
      for round in 0..<5_000 {
        do {
          let poller = try Poller()
          target.aim(at: poller.waker)
          for _ in 0..<round % 4 { try poller.wait(timeout: .zero) { _ in } }
        }
        // Takes a number just freed; a late write would land in the pipe.
        try pipe.writeEnd.duplicate().close()
      }
      target.isDone.store(true, ordering: .relaxed)
      wakers.forEach { $0.join() }
      try #require(try pipe.readEnd.read(count: 8) == nil)
      try #require(FileDescriptor.opened(since: before).isEmpty)
    }
  }

  @Test("a wake-up gets past a counter that is as full as it gets", .enabled(if: Poller.backend == .epoll))
  func fullCounter() async {
    await #expect(processExitsWith: .success) {
      let before = try await FileDescriptor.openWhenSettled
      let poller = try Poller()
      let eventfds = FileDescriptor.opened(since: before).filter { FileDescriptor(rawValue: $0).fillCounter() }
      try #require(eventfds.count == 1)
      for _ in 0..<3 {
        poller.waker.wake()
        try #require(try poller.look().map(\.isWake) == [true])
        try #require(try poller.look().isEmpty)
      }
    }
  }

  @Test("a poller can be used on another thread than it was made on")
  func movedToAnotherThread() throws {
    let poller = try Poller()
    let waker = poller.waker
    let box = PollerBox(poller)
    let woken = SharedNumber()
    let thread = TestThread {
      woken.value.store((try? box.poller.wait(timeout: .seconds(20)) { _ in }) ?? -1, ordering: .relaxed)
    }
    waker.wake()
    thread.join()
    #expect(woken.value.load(ordering: .relaxed) == 1)
  }

  @Test("descriptors can be added and removed while another thread waits")
  func concurrentRegistration() throws {
    let box = PollerBox(try Poller())
    let served = SharedNumber()
    let thread = TestThread {
      var isDone = false
      while !isDone {
        let count = try? box.poller.wait(timeout: .seconds(20)) { event in
          if event.isWake { isDone = true } else { served.value.add(1, ordering: .relaxed) }
        }
        if count != 1 { return }
      }
    }
    for round in 1...500 {
      try withPipe { pipe in
        try pipe.right.write(count: 1)
        try box.poller.add(pipe.left, token: 1, interest: .readable, trigger: .edge)
        #expect(eventually { served.value.load(ordering: .relaxed) == round })
        try box.poller.remove(pipe.left)
      }
    }
    box.poller.waker.wake()
    thread.join()
  }
}

/// Shares a poller between threads.
final class PollerBox: Sendable {
  let poller: Poller

  init(_ poller: consuming Poller) {
    self.poller = poller
  }
}

/// A waker that threads use again and again, and that a test replaces.
private final class Target: Sendable {
  private let waker = Guarded<Poller.Waker?>(nil)
  let isDone = Atomic<Bool>(false)

  func aim(at waker: Poller.Waker) {
    self.waker.withLock { $0 = waker }
  }

  func wakeUntilDone() {
    while !isDone.load(ordering: .relaxed) {
      waker.current?.wake()
    }
  }
}
