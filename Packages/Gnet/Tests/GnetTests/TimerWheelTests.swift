import Testing

@testable import Gnet

@Suite struct TimerWheelTests {
  private static let start = MonotonicTime(nanoseconds: 7_777_777_777)
  /// A hundredth of the length.
  private static let slice = Duration.milliseconds(10)

  private func wheel(at start: MonotonicTime = start) -> TimerWheel { TimerWheel(length: .seconds(1), now: start) }

  private func expired(_ wheel: inout TimerWheel, until now: MonotonicTime) -> [UInt32] {
    var ids: [UInt32] = []
    while let id = wheel.expire(until: now) { ids.append(id) }
    return ids.sorted()
  }

  @Test("a deadline is never early, and at most one slice late", arguments: [0, 1, 9, 10, 11, 995, 1000, 2540, 2560])
  func precision(milliseconds: Int) {
    var wheel = wheel()
    let deadline = Self.start + .milliseconds(milliseconds)
    wheel.schedule(3, at: deadline)
    #expect(wheel.expire(until: Self.start + .milliseconds(milliseconds - 1)) == nil)
    #expect(wheel.expire(until: MonotonicTime(nanoseconds: deadline.nanoseconds - 1)) == nil)
    #expect(wheel.nextExpiry.map { $0 <= deadline + Self.slice } == true)
    #expect(wheel.expire(until: deadline + Self.slice) == 3)
    #expect(wheel.nextExpiry == nil)
  }

  @Test("a deadline far beyond the circle's end comes in its time", arguments: [3, 10, 3600])
  func farDeadline(seconds: Int) {
    var wheel = wheel()
    let deadline = Self.start + .seconds(seconds)
    wheel.schedule(0, at: deadline)
    wheel.schedule(1, at: .never)
    var now = Self.start
    var turns = 0
    while let next = wheel.nextExpiry, now < deadline {
      now = max(now, next)
      turns += 1
      if let id = wheel.expire(until: now) { #expect(id == 0 && now >= deadline && now <= deadline + Self.slice) }
    }
    #expect(turns <= seconds / 2 + 2, "looked once per circle")
    wheel.cancel(1)
    #expect(wheel.nextExpiry == nil)
  }

  @Test("after a long time without deadlines a new one is as precise as ever")
  func longGap() {
    var wheel = wheel()
    for hours in [1, 24, 24 * 365] {
      let now = Self.start + .seconds(3600 * hours)
      // Nobody has looked at the wheel meanwhile.
      wheel.schedule(5, at: now + .seconds(1))
      #expect(wheel.expire(until: now + .milliseconds(100)) == nil)
      #expect(wheel.expire(until: now + .milliseconds(999)) == nil)
      #expect(wheel.expire(until: now + .seconds(1) + Self.slice) == 5)
    }
  }

  @Test("a wheel that was not looked at for long gives everything that is due, and nothing else")
  func sleptThrough() {
    var wheel = wheel()
    for id in UInt32(0)..<100 { wheel.schedule(id, at: Self.start + .milliseconds(Int(id) * 100)) }
    wheel.schedule(100, at: Self.start + .seconds(86400))
    #expect(expired(&wheel, until: Self.start + .seconds(3600)) == Array(0..<100))
    #expect(expired(&wheel, until: Self.start + .seconds(86401)) == [100])
  }

  @Test("cancelling what has no deadline does nothing, and scheduling again moves the deadline")
  func cancelAndMove() {
    var wheel = wheel()
    wheel.cancel(9)
    wheel.schedule(2, at: Self.start + .milliseconds(100))
    wheel.cancel(1)
    wheel.schedule(2, at: Self.start + .milliseconds(500))
    #expect(expired(&wheel, until: Self.start + .milliseconds(400)) == [])
    wheel.schedule(2, at: Self.start + .milliseconds(420))
    #expect(expired(&wheel, until: Self.start + .milliseconds(440)) == [2])
    #expect(expired(&wheel, until: Self.start + .seconds(10)) == [])
  }

  @Test("a random history agrees with a plain dictionary of deadlines", arguments: 0..<20 as Range<UInt64>)
  func model(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var wheel = wheel()
    var model: [UInt32: MonotonicTime] = [:]
    var now = Self.start
    var faults: [String] = []
    for step in 0..<1000 where faults.isEmpty {
      let id = UInt32.random(in: 0..<50, using: &random)
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<5:
        let distance = Int.random(in: 0..<(Bool.random(using: &random) ? 1200 : 20_000), using: &random)
        model[id] = now + .milliseconds(distance)
        wheel.schedule(id, at: model[id]!)
      case 5, 6:
        model[id] = nil
        wheel.cancel(id)
      default:
        let longest = [30, 30, 30, 30, 3000, 3000, 1_000_000].randomElement(using: &random)!
        now = now + .milliseconds(Int.random(in: 0..<longest, using: &random))
        for id in expired(&wheel, until: now) {
          if model[id].map({ $0 <= now }) != true { faults.append("step \(step): \(id) is early") }
          model[id] = nil
        }
        for (id, deadline) in model where now >= deadline + Self.slice { faults.append("step \(step): \(id) is late") }
      }
      let (next, expiry) = (model.values.min(), wheel.nextExpiry)
      if (next == nil) != (expiry == nil) {
        faults.append("step \(step): \(model.count) deadlines, next \(expiry as Any)")
      }
      if let next, let expiry, expiry > max(now, next) + Self.slice { faults.append("step \(step): wakes late") }
    }
    #expect(faults == [])
  }
}
