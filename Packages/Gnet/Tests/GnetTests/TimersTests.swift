import Poller
import TestSupport
import Testing

@testable import Gnet

@Suite struct TimersTests {
  private typealias Instant = Poller.Instant

  private static let start = Instant(nanoseconds: 7_777_777_777)

  /// The latest moment at which a timer may fire that was set at `now`: a millisecond late, or a thousandth of its
  /// distance.
  private static func latest(_ deadline: Instant, setAt now: Instant) -> Instant {
    let distance = deadline.nanoseconds - now.nanoseconds
    return Instant(nanoseconds: deadline.nanoseconds + max(1_000_000, distance / 1000))
  }

  private func expired(_ timers: inout Timers<Int>, until now: Instant) -> [Int] {
    var events: [Int] = []
    while let event = timers.expire(until: now) { events.append(event) }
    return events.sorted()
  }

  @Test(
    "a timer is never early, and late by at most a millisecond or a thousandth of its length",
    arguments: [
      0, 1, 524_287, 524_288, 524_289, 1_000_000, 999_999_999, 2_097_151_999, 2_097_152_000, 8_388_608_000,
      33_554_431_999, 60_000_000_000, 3_600_000_000_000, 86_400_000_000_000, 31_536_000_000_000_000,
      3_153_600_000_000_000_000,
    ] as [Int64])
  func precision(distance: Int64) {
    for offset in [0, 1, 524_287, 524_288, 999_983] as [Int64] {
      let now = Instant(nanoseconds: Self.start.nanoseconds + offset)
      let deadline = Instant(nanoseconds: now.nanoseconds + distance)
      var timers = Timers<Int>()
      _ = timers.set(3, at: deadline, now: now)
      #expect(timers.expire(until: Instant(nanoseconds: deadline.nanoseconds - 1)) == nil)
      let next = timers.next
      #expect(next >= deadline && next <= Self.latest(deadline, setAt: now))
      #expect(timers.expire(until: next) == 3)
      #expect(timers.expire(until: .never) == nil)
      #expect(timers.next == .never && timers.count == 0)
    }
  }

  @Test("a timer that never comes due does not")
  func never() {
    var timers = Timers<Int>()
    let id = timers.set(1, at: .never, now: Self.start)
    #expect(timers.next > Self.start + .seconds(3600 * 24 * 365 * 250))
    #expect(timers.expire(until: Self.start + .seconds(3600 * 24 * 365 * 100)) == nil)
    timers.remove(id)
    #expect(timers.count == 0)
  }

  @Test("a deadline that has passed is due at once, also long after the last look")
  func passed() {
    var timers = Timers<Int>()
    _ = timers.set(1, at: Self.start, now: Self.start)
    let later = Self.start + .seconds(3600)
    _ = timers.set(2, at: Self.start + .seconds(1), now: later)
    _ = timers.set(3, at: later, now: later)
    #expect(timers.next <= later)
    #expect(expired(&timers, until: later + .milliseconds(1)) == [1, 2, 3])
  }

  @Test("timers that were not looked at for long all come, and no others")
  func sleptThrough() {
    var timers = Timers<Int>()
    for index in 0..<100 { _ = timers.set(index, at: Self.start + .milliseconds(index * 100), now: Self.start) }
    _ = timers.set(100, at: Self.start + .seconds(86400), now: Self.start)
    #expect(expired(&timers, until: Self.start + .seconds(3600)) == Array(0..<100))
    #expect(expired(&timers, until: Self.start + .seconds(86500)) == [100])
  }

  @Test("moving a timer counts from then on, and dropping one leaves the others")
  func moveAndRemove() {
    var timers = Timers<Int>()
    let moved = timers.set(1, at: Self.start + .milliseconds(100), now: Self.start)
    let dropped = timers.set(2, at: Self.start + .milliseconds(100), now: Self.start)
    _ = timers.set(3, at: Self.start + .milliseconds(100), now: Self.start)
    timers.move(moved, to: Self.start + .milliseconds(500), now: Self.start)
    timers.remove(dropped)
    #expect(expired(&timers, until: Self.start + .milliseconds(499)) == [3])
    timers.move(moved, to: Self.start + .milliseconds(600), now: Self.start + .milliseconds(499))
    #expect(expired(&timers, until: Self.start + .milliseconds(599)) == [])
    #expect(expired(&timers, until: Self.start + .milliseconds(601)) == [1])
  }

  @Test("an event may set the next timer while timers expire")
  func settingWhileExpiring() {
    var timers = Timers<Int>()
    _ = timers.set(0, at: Self.start, now: Self.start)
    var now = Self.start
    for turn in 0..<100 {
      now = max(now, timers.next)
      #expect(timers.expire(until: now) == turn)
      _ = timers.set(turn + 1, at: now, now: now)
    }
    #expect(timers.count == 1)
  }

  @Test("a random history agrees with a plain dictionary of deadlines", arguments: 0..<40 as Range<UInt64>)
  func model(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var timers = Timers<Int>()
    /// The deadlines and the latest moments of the timers that are set, and their ids.
    var model: [Int: (deadline: Instant, latest: Instant, id: Timers<Int>.ID)] = [:]
    var now = Self.start
    var faults: [String] = []
    func deadline() -> Instant {
      let longest = [0, 10, 1200, 20_000, 1_000_000, 100_000_000].randomElement(using: &random)!
      return now + .microseconds(Int.random(in: 0...longest * 1000, using: &random))
    }
    for step in 0..<2000 where faults.isEmpty {
      let event = Int.random(in: 0..<80, using: &random)
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<5:
        let deadline = deadline()
        let latest = Self.latest(deadline, setAt: now)
        if let known = model[event] {
          timers.move(known.id, to: deadline, now: now)
          model[event] = (deadline, latest, known.id)
        } else {
          model[event] = (deadline, latest, timers.set(event, at: deadline, now: now))
        }
      case 5, 6:
        if let known = model.removeValue(forKey: event) { timers.remove(known.id) }
      case 7:
        now = max(now, timers.next == .never ? now : timers.next)
        fallthrough
      default:
        let longest = [1, 30, 30, 30, 3000, 3000, 1_000_000].randomElement(using: &random)!
        now = now + .milliseconds(Int.random(in: 0..<longest, using: &random))
        for event in expired(&timers, until: now) {
          guard let known = model.removeValue(forKey: event), known.deadline <= now else {
            faults.append("step \(step): \(event) is early, or not set")
            continue
          }
        }
        for (event, known) in model where known.latest <= now { faults.append("step \(step): \(event) is late") }
      }
      if timers.count != model.count { faults.append("step \(step): \(timers.count) timers, not \(model.count)") }
      let latest = model.values.map(\.latest).min() ?? .never
      if timers.next > max(now, latest) { faults.append("step \(step): wakes late") }
    }
    #expect(faults == [])
  }
}
