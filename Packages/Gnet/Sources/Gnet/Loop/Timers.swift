internal import Poller

/// The deadlines of a loop, of any length: setting, moving and dropping one is O(1), and nothing is allocated for it
/// once the table has grown to the load.
///
/// A deadline is never early, and late by at most a slice of time: half a millisecond for deadlines up to two seconds
/// ahead, else less than a thousandth of its distance.
///
/// Timing wheels of growing coarseness: the wheel of magnitude `m` has 4,096 buckets, each a list of the timers that
/// are due in one slice of 2^(19 + 2m) nanoseconds. A timer goes into the finest wheel that its distance fits into.
/// Wheels exist only for the magnitudes that have been used.
///
/// A timer that is put off stays in its bucket, and is given its place when the time of the bucket has come: time-outs
/// that are moved with every request cost one store each.
///
/// Source: G. Varghese, T. Lauck, "Hashed and hierarchical timing wheels", SOSP 1987, scheme 6; here one wheel for each
/// magnitude of distance instead of one for all.
struct Timers<Event> {
  /// A timer that is set.
  struct ID: Equatable, Sendable {
    fileprivate let index: UInt32
  }

  fileprivate static var none: UInt32 { .max }

  private struct Timer {
    /// The event to report; `nil` for an entry in the free list.
    var event: Event?
    var deadline = Poller.Instant.never
    /// The bucket that the timer is in, for the deadline or an earlier moment.
    var place = TimerWheel.Place(magnitude: 0, bucket: 0)
    var previous = Timers.none
    var next = Timers.none
  }

  private var timers: [Timer] = []
  /// The first of the free entries, which are linked by `next`.
  private var firstFree = Timers.none
  private var wheels: [TimerWheel] = []
  /// The magnitudes whose wheels have timers, a bit each.
  private var occupied: UInt32 = 0

  /// The number of timers that are set.
  private(set) var count = 0

  /// The time when ``expire(until:)`` has something to do next, or earlier; ``Poller/Instant/never`` without timers.
  private(set) var next = Poller.Instant.never

  /// Sets a timer.
  mutating func set(_ event: Event, at deadline: Poller.Instant, now: Poller.Instant) -> ID {
    let index = takeEntry(event)
    insert(index, deadline, now)
    count += 1
    return ID(index: index)
  }

  /// Moves a timer to another deadline.
  mutating func move(_ id: ID, to deadline: Poller.Instant, now: Poller.Instant) {
    let place = timers[Int(id.index)].place
    assert(timers[Int(id.index)].event != nil, "a timer that is not set was moved")
    if deadline >= wheels[place.magnitude].start(ofBucket: place) {
      timers[Int(id.index)].deadline = deadline
    } else {
      unlink(id.index)
      insert(id.index, deadline, now)
    }
  }

  /// Drops a timer.
  mutating func remove(_ id: ID) {
    assert(timers[Int(id.index)].event != nil, "a timer that is not set was dropped")
    unlink(id.index)
    release(id.index)
  }

  /// Takes a timer that is due by `now`, and returns its event; `nil` when there are no more. The timer is not set any
  /// more.
  ///
  /// - Complexity: amortised O(1) per timer and slice of time in which timers were due.
  mutating func expire(until now: Poller.Instant) -> Event? {
    if next > now { return nil }
    var rest = occupied
    while rest != 0 {
      let magnitude = rest.trailingZeroBitCount
      rest &= rest - 1
      if let index = firstDue(in: magnitude, now) {
        unlink(index)
        return release(index)
      }
    }
    next = earliest
    assert(next > now || next == .never)
    return nil
  }

  /// A timer of one wheel that is due. Timers that were put off are given their places on the way.
  private mutating func firstDue(in magnitude: Int, _ now: Poller.Instant) -> UInt32? {
    let present = TimerWheel.slice(of: now, magnitude)
    while let slice = wheels[magnitude].firstSlice, slice <= present {
      wheels[magnitude].advance(to: slice)
      var index = wheels[magnitude].head(slice)
      while index != Self.none {
        let timer = timers[Int(index)]
        if timer.deadline <= now { return index }
        unlink(index)
        insert(index, timer.deadline, now)
        index = timer.next
      }
    }
    return nil
  }

  /// The beginning of the first slice that has timers.
  private var earliest: Poller.Instant {
    var earliest = Poller.Instant.never
    var rest = occupied
    while rest != 0 {
      let magnitude = rest.trailingZeroBitCount
      rest &= rest - 1
      if let slice = wheels[magnitude].firstSlice { earliest = min(earliest, TimerWheel.start(of: slice, magnitude)) }
    }
    return earliest
  }

  private mutating func insert(_ index: UInt32, _ deadline: Poller.Instant, _ now: Poller.Instant) {
    let magnitude = TimerWheel.magnitude(of: deadline.nanoseconds &- now.nanoseconds)
    while wheels.count <= magnitude { wheels.append(TimerWheel()) }
    if occupied & 1 << UInt32(magnitude) == 0 {
      wheels[magnitude].start(at: TimerWheel.slice(of: now, magnitude))
      occupied |= 1 << UInt32(magnitude)
    }
    let slice = TimerWheel.slice(after: deadline, magnitude)
    let head = wheels[magnitude].push(index, slice)
    timers[Int(index)].deadline = deadline
    timers[Int(index)].place = TimerWheel.Place(magnitude: magnitude, slice: slice)
    timers[Int(index)].previous = Self.none
    timers[Int(index)].next = head
    if head != Self.none { timers[Int(head)].previous = index }
    next = min(next, TimerWheel.start(of: slice, magnitude))
  }

  private mutating func unlink(_ index: UInt32) {
    let timer = timers[Int(index)]
    if timer.next != Self.none { timers[Int(timer.next)].previous = timer.previous }
    if timer.previous != Self.none {
      timers[Int(timer.previous)].next = timer.next
    } else if wheels[timer.place.magnitude].replaceHead(by: timer.next, timer.place) {
      occupied &= ~(1 << UInt32(timer.place.magnitude))
    }
  }

  private mutating func takeEntry(_ event: Event) -> UInt32 {
    if firstFree == Self.none {
      timers.append(Timer(event: event))
      return UInt32(timers.count - 1)
    }
    let index = firstFree
    firstFree = timers[Int(index)].next
    timers[Int(index)].event = event
    return index
  }

  @discardableResult
  private mutating func release(_ index: UInt32) -> Event? {
    defer {
      timers[Int(index)].next = firstFree
      firstFree = index
      count -= 1
    }
    return timers[Int(index)].event.take()
  }
}
