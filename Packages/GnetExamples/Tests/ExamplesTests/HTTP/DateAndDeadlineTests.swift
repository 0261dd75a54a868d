import Foundation
import TestPeers
import TestSupport
import Testing

@testable import HTTPSupport
@testable import http

@Suite("The field Date")
struct DateFieldTests {
  @Test(
    "is that of the standard, for any second",
    arguments: [
      (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
      (951_782_399, "Mon, 28 Feb 2000 23:59:59 GMT"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
      (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"), (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"),
    ])
  func known(second: Int, text: String) { #expect(DateField.text(of: second) == text) }

  @Test("agrees with Foundation on every day of two centuries")
  func days() {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(identifier: "UTC")
    formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
    for second in stride(from: 0, to: 200 * 365 * 86400, by: 86400 + 1) {
      #expect(DateField.text(of: second) == formatter.string(from: Date(timeIntervalSince1970: Double(second))))
    }
  }

  @Test("is a line of the head")
  func line() {
    #expect(DateField(second: 1).line == Array("Date: Thu, 01 Jan 1970 00:00:01 GMT\r\n".utf8))
  }

  @Test("is that of the second in which it is asked for")
  func currentDate() {
    let loop = LoopState(requestTimeout: .seconds(1))
    var dates: Set<[UInt8]> = []
    let end = ContinuousClock.now + .milliseconds(1100)
    while ContinuousClock.now < end {
      let (before, date, after) = (DateField(), loop.date, DateField())
      #expect(date == before.line || date == after.line)
      dates.insert(date)
    }
    #expect(dates.count >= 2)
  }
}

@Suite("A queue of deadlines")
struct DeadlineQueueTests {
  @Test("tells those that have passed, and when to ask again")
  func order() {
    var passed: [Int] = []
    var queue = DeadlineQueue(timeout: .seconds(10))
    let start = ContinuousClock.now
    let deadlines = (0..<4).map { number in Deadline { passed.append(number) } }
    #expect(queue.expire(now: start) == .seconds(10))
    for (number, deadline) in deadlines.enumerated() { queue.add(deadline, now: start + .seconds(number)) }
    #expect(queue.expire(now: start + .seconds(4)) == .seconds(6))
    queue.remove(deadlines[1])
    #expect(queue.expire(now: start + .seconds(11)) == .seconds(1))
    #expect(passed == [0])
    #expect(deadlines[0].hasPassed && !deadlines[0].isSet && !deadlines[1].hasPassed && deadlines[2].isSet)
    #expect(queue.expire(now: start + .seconds(20)) == .seconds(10))
    #expect(passed == [0, 2, 3])
  }

  @Test("agrees with a plain list, whatever is set and taken back", arguments: 0..<8)
  func model(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var queue = DeadlineQueue(timeout: .seconds(10))
    var now = ContinuousClock.now
    var passed: [Int] = []
    let deadlines = (0..<12).map { number in Deadline { passed.append(number) } }
    var model: [(number: Int, time: ContinuousClock.Instant)] = []
    for _ in 0..<2000 {
      now += .seconds(Int.random(in: 0...2, using: &random))
      let number = Int.random(in: 0..<12, using: &random)
      if Bool.random(using: &random) {
        if !deadlines[number].isSet {
          queue.add(deadlines[number], now: now)
          model.append((number, now + .seconds(10)))
        }
      } else {
        queue.remove(deadlines[number])
        model.removeAll { $0.number == number }
      }
      passed = []
      let next = queue.expire(now: now)
      #expect(passed == model.filter { $0.time <= now }.map(\.number), "seed \(seed)")
      model.removeAll { $0.time <= now }
      #expect(next == model.first.map { now.duration(to: $0.time) } ?? .seconds(10))
    }
  }
}
