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

  /// The deadline of a timer, and its place in the list of a bucket. Small, and apart from the event: to move a timer is
  /// to change a few of them that most likely are in no cache.
  private struct Link {
    var deadline = Poller.Instant.never
    /// The bucket that the timer is in, for the deadline or an earlier moment.
    var place = TimerWheel.Place.none
    var previous = Timers.none
    var next = Timers.none
  }

  /// A link and, at the same index, an event for each entry of the table.
  private var links: [Link] = []
  /// The events to report; `nil` for an entry in the free list.
  private var events: [Event?] = []
  /// The first of the free entries, which are linked by `next`.
  private var firstFree = Timers.none
  private var wheels: [TimerWheel] = []
  /// The magnitudes whose wheels have timers, a bit each.
  private var occupied: UInt32 = 0

  /// The first timer of a list. The timers of the list are placed when all due timers have been taken: they were put
  /// off, or are out of reach of a wheel that lags behind the time.
  private var firstUnplaced = Timers.none

  /// The number of timers that are set.
  private(set) var count = 0

  /// The time when ``expire(until:)`` has something to do next, or earlier; ``Poller/Instant/never`` without timers.
  private(set) var next = Poller.Instant.never

  /// Sets a timer.
  mutating func set(_ event: Event, at deadline: Poller.Instant, now: Poller.Instant) -> ID {
    let index = takeEntry(event)
    insert(index, deadline, now)
    count += 1
    assert(links[Int(index)].deadline == deadline && count <= events.count)
    return ID(index: index)
  }

  /// Moves a timer to another deadline.
  mutating func move(_ id: ID, to deadline: Poller.Instant, now: Poller.Instant) {
    assert(events[Int(id.index)] != nil, "a timer that is not set was moved")
    let place = links[Int(id.index)].place
    if place.isNone || deadline >= wheels[place.magnitude].start(ofBucket: place) {
      links[Int(id.index)].deadline = deadline
    } else {
      unlink(id.index)
      insert(id.index, deadline, now)
    }
    assert(links[Int(id.index)].deadline == deadline)
  }

  /// Drops a timer.
  mutating func remove(_ id: ID) {
    assert(events[Int(id.index)] != nil, "a timer that is not set was dropped")
    unlink(id.index)
    release(id.index)
    assert(events[Int(id.index)] == nil)
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
        assert(links[Int(index)].deadline <= now, "a timer fires early")
        unlink(index)
        return release(index)
      }
    }
    if firstUnplaced != Self.none {
      placeAll(now)
      return expire(until: now)
    }
    next = earliest
    assert(next > now || next == .never)
    assert((occupied == 0) == (count == 0), "a timer is in no wheel")
    return nil
  }

  /// A timer of one wheel that is due. Timers that were put off leave the wheel on the way.
  private mutating func firstDue(in magnitude: Int, _ now: Poller.Instant) -> UInt32? {
    assert(occupied &>> UInt32(magnitude) & 1 == 1)
    let present = TimerWheel.slice(of: now, magnitude)
    while let slice = wheels[magnitude].firstSlice, slice <= present {
      wheels[magnitude].advance(to: slice)
      var index = wheels[magnitude].head(slice)
      while index != Self.none {
        let link = links[Int(index)]
        if link.deadline <= now { return index }
        unlink(index)
        leaveUnplaced(index, link.deadline)
        index = link.next
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
      assert(wheels[magnitude].firstSlice != nil)
      if let slice = wheels[magnitude].firstSlice { earliest = min(earliest, TimerWheel.start(of: slice, magnitude)) }
    }
    return earliest
  }

  private mutating func insert(_ index: UInt32, _ deadline: Poller.Instant, _ now: Poller.Instant) {
    let magnitude = TimerWheel.magnitude(of: deadline.nanoseconds &- now.nanoseconds)
    guard prepareWheel(magnitude, for: deadline, now) else {
      assert(next <= now, "nothing is due, and a wheel lags behind the time")
      return leaveUnplaced(index, deadline)
    }
    occupied |= 1 << UInt32(magnitude)
    let slice = wheels[magnitude].slice(for: deadline, magnitude)
    assert(TimerWheel.start(of: slice, magnitude) >= deadline)
    let head = wheels[magnitude].push(index, slice)
    var links = links.mutableSpan
    links[Int(index)] = Link(
      deadline: deadline, place: TimerWheel.Place(magnitude: magnitude, slice: slice), next: head)
    if head != Self.none { links[Int(head)].previous = index }
    next = min(next, TimerWheel.start(of: slice, magnitude))
  }

  /// Puts a timer aside, until `expire(until:)` has taken all that are due.
  private mutating func leaveUnplaced(_ index: UInt32, _ deadline: Poller.Instant) {
    assert(events[Int(index)] != nil && index != firstUnplaced)
    links[Int(index)] = Link(deadline: deadline, place: .none, next: firstUnplaced)
    if firstUnplaced != Self.none { links[Int(firstUnplaced)].previous = index }
    firstUnplaced = index
  }

  /// Places the timers that were put aside. No wheel lags behind the time then.
  private mutating func placeAll(_ now: Poller.Instant) {
    while firstUnplaced != Self.none {
      let index = firstUnplaced
      unlink(index)
      insert(index, links[Int(index)].deadline, now)
      assert(!links[Int(index)].place.isNone, "a wheel lags behind the time")
    }
  }

  /// Brings a wheel as far ahead as its timers allow. Returns whether it reaches a deadline then.
  private mutating func prepareWheel(
    _ magnitude: Int, for deadline: Poller.Instant, _ now: Poller.Instant
  ) -> Bool {
    assert(magnitude >= 0 && magnitude < occupied.bitWidth)
    while wheels.count <= magnitude { wheels.append(TimerWheel()) }
    wheels[magnitude].catchUp(with: TimerWheel.slice(of: now, magnitude))
    return wheels[magnitude].reaches(wheels[magnitude].slice(for: deadline, magnitude))
  }

  /// Whether a timer's neighbours in its list refer to the timer.
  private func isLinked(_ index: UInt32) -> Bool {
    let link = links[Int(index)]
    return (link.next == Self.none || links[Int(link.next)].previous == index)
      && (link.previous == Self.none || links[Int(link.previous)].next == index)
  }

  private mutating func unlink(_ index: UInt32) {
    assert(events[Int(index)] != nil && isLinked(index))
    var links = links.mutableSpan
    let link = links[Int(index)]
    if link.next != Self.none { links[Int(link.next)].previous = link.previous }
    if link.previous != Self.none {
      links[Int(link.previous)].next = link.next
    } else if link.place.isNone {
      firstUnplaced = link.next
    } else if wheels[link.place.magnitude].replaceHead(by: link.next, link.place) {
      occupied &= ~(1 << UInt32(link.place.magnitude))
    }
  }

  private mutating func takeEntry(_ event: Event) -> UInt32 {
    if firstFree == Self.none {
      links.append(Link())
      events.append(event)
      assert(links.count == events.count && count < events.count)
      return UInt32(events.count - 1)
    }
    let index = firstFree
    firstFree = links[Int(index)].next
    assert(events[Int(index)] == nil && firstFree != index)
    events[Int(index)] = event
    return index
  }

  @discardableResult
  private mutating func release(_ index: UInt32) -> Event? {
    assert(events[Int(index)] != nil && count > 0)
    defer {
      links[Int(index)].next = firstFree
      firstFree = index
      count -= 1
    }
    return events[Int(index)].take()
  }
}
