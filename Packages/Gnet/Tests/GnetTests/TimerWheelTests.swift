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
    for _ in 0..<2000 {
      let id = UInt32.random(in: 0..<50, using: &random)
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<5:
        let distance = [Int.random(in: 0..<1200, using: &random), .random(in: 0..<20_000, using: &random)]
        model[id] = now + .milliseconds(distance.randomElement(using: &random)!)
        wheel.schedule(id, at: model[id]!)
      case 5, 6:
        model[id] = nil
        wheel.cancel(id)
      default:
        let steps = [Int.random(in: 0..<30, using: &random), .random(in: 0..<3000, using: &random), 1_000_000]
        now = now + .milliseconds(steps[[0, 0, 0, 0, 1, 1, 1, 2].randomElement(using: &random)!])
        for id in expired(&wheel, until: now) {
          #expect(model[id].map { $0 <= now } == true, "early: \(id)")
          model[id] = nil
        }
        // What is left is not due, or was due less than a slice ago.
        #expect(model.values.allSatisfy { now < $0 + Self.slice })
      }
      let next = model.values.min()
      if let next, let expiry = wheel.nextExpiry {
        #expect(expiry <= max(now, next) + Self.slice)
      } else {
        #expect(next == nil && wheel.nextExpiry == nil)
      }
      if !model.isEmpty && wheel.nextExpiry == nil { break }
    }
  }
}
