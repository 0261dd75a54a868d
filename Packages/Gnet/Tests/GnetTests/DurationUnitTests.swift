import Testing

@testable import Gnet

@Suite("the units of a duration") struct DurationUnitTests {
  @Test(
    "are rounded up, so that a wait is never too short",
    arguments: [
      (Duration.zero, 0, 0, 0), (.nanoseconds(1), 1, 1, 1), (.microseconds(999), 999_000, 1, 1),
      (.milliseconds(1), 1_000_000, 1, 1), (.milliseconds(1) + .nanoseconds(1), 1_000_001, 2, 1),
      (.seconds(1), 1_000_000_000, 1000, 1), (.milliseconds(1001), 1_001_000_000, 1001, 2),
      (.nanoseconds(-1), 0, 0, 0), (.seconds(Int64.max), .max, 9_223_372_036_855, 9_223_372_037),
    ])
  func rounding(duration: Duration, nanoseconds: Int64, milliseconds: Int64, seconds: Int64) {
    #expect(duration.count(of: .nanosecond) == nanoseconds)
    #expect(duration.count(of: .millisecond) == milliseconds)
    #expect(duration.count(of: .second) == seconds)
  }
}
