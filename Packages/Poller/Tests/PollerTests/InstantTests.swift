import Poller
import Testing

@Suite("Instants")
struct InstantTests {
  private static let attosecond = Duration(secondsComponent: 0, attosecondsComponent: 1)

  @Test("durations are rounded up to nanoseconds, clipped at both ends")
  func rounding() {
    #expect(Poller.Instant.nanoseconds(of: .zero) == 0)
    #expect(Poller.Instant.nanoseconds(of: Self.attosecond) == 1)
    #expect(Poller.Instant.nanoseconds(of: .nanoseconds(1)) == 1)
    #expect(Poller.Instant.nanoseconds(of: .nanoseconds(1) + Self.attosecond) == 2)
    #expect(Poller.Instant.nanoseconds(of: .nanoseconds(2) - Self.attosecond) == 2)
    #expect(Poller.Instant.nanoseconds(of: .seconds(2)) == 2_000_000_000)
    #expect(Poller.Instant.nanoseconds(of: .nanoseconds(Int64.max)) == .max)
    #expect(Poller.Instant.nanoseconds(of: .nanoseconds(Int64.max) + Self.attosecond) == .max)
    #expect(Poller.Instant.nanoseconds(of: .seconds(Int64.max)) == .max)
    #expect(Poller.Instant.nanoseconds(of: .nanoseconds(-1)) == 0)
    #expect(Poller.Instant.nanoseconds(of: .zero - Self.attosecond) == 0)
    #expect(Poller.Instant.nanoseconds(of: .seconds(Int64.min)) == 0)
  }

  @Test("a moment plus a duration is rounded up, never earlier, and never past the end of time")
  func addition() {
    let moment = Poller.Instant(nanoseconds: 5)
    #expect(moment + .nanoseconds(3) == Poller.Instant(nanoseconds: 8))
    #expect(moment + Self.attosecond == Poller.Instant(nanoseconds: 6))
    #expect(moment + .seconds(-1) == moment)
    #expect(moment + .nanoseconds(Int64.max) == .never)
    #expect(moment + .seconds(Int64.max) == .never)
    #expect(Poller.Instant.never + .seconds(1) == .never)
    #expect(Poller.Instant(nanoseconds: .min) + .nanoseconds(Int64.max) == Poller.Instant(nanoseconds: -1))
  }

  @Test("the time between two moments has a sign, and is exact")
  func difference() {
    let early = Poller.Instant(nanoseconds: 5)
    let late = Poller.Instant(nanoseconds: 8)
    #expect(late.duration(since: early) == .nanoseconds(3))
    #expect(late - early == .nanoseconds(3))
    #expect(early - late == .nanoseconds(-3))
    let whole = Poller.Instant(nanoseconds: .max) - Poller.Instant(nanoseconds: .min)
    #expect(whole == .nanoseconds(Int64.max) + .nanoseconds(Int64.max) + .nanoseconds(1))
  }

  @Test("moments are ordered, and no moment is later than never")
  func order() {
    #expect(Poller.Instant(nanoseconds: 1) < Poller.Instant(nanoseconds: 2))
    #expect(!(Poller.Instant(nanoseconds: 2) < Poller.Instant(nanoseconds: 2)))
    #expect(Poller.Instant.now < .never)
    #expect(Poller.Instant.never.nanoseconds == .max)
  }

  @Test("the clock passes with the time, and does not go back")
  func clock() {
    var last = Poller.Instant.now
    let start = last
    let elapsed = ContinuousClock().measure {
      while last < start + .milliseconds(2) {
        let now = Poller.Instant.now
        #expect(now >= last)
        last = now
      }
    }
    #expect(elapsed >= .milliseconds(1))
    #expect(last - start >= .milliseconds(2))
  }
}
