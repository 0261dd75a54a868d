import Foundation
import Testing

@testable import GnetHTTP

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
    let loop = HTTPLoop(HTTPOptions()) { _ in Response(.ok) }
    var dates: Set<[UInt8]> = []
    let end = ContinuousClock.now + .milliseconds(1100)
    while ContinuousClock.now < end {
      let before = DateField()
      let date = unsafe loop.momentFields.withUnsafeBufferPointer { unsafe Array($0) }
      let after = DateField()
      #expect(date == before.line || date == after.line)
      dates.insert(date)
    }
    #expect(dates.count >= 2)
  }
}
