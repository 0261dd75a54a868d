/// The field `Date`, which changes once a second.
struct DateField: Sendable {
  /// The time in seconds since 1970.
  static var currentSecond: Int { Platform.currentSecond }

  /// The time of the field in seconds since 1970.
  let second: Int

  /// The field as a line with its end.
  let line: [UInt8]

  /// Creates the field for a time in seconds since 1970.
  init(second: Int = currentSecond) {
    self.second = second
    line = Array("Date: \(Self.text(of: second))\r\n".utf8)
  }

  /// A time as `IMF-fixdate` of RFC 9110, 5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`, independent of the locale.
  ///
  /// - Parameter second: seconds since 1970, not negative.
  static func text(of second: Int) -> String {
    let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let (days, time) = second.quotientAndRemainder(dividingBy: 86400)
    let (year, month, day) = civilDate(daysSince1970: days)
    let clock = [time / 3600, time / 60 % 60, time % 60].map(padded).joined(separator: ":")
    return "\(weekdays[days % 7]), \(padded(day)) \(months[month - 1]) \(year) \(clock) GMT"
  }

  /// The date in the Gregorian calendar.
  ///
  /// Years begin in March, so that the leap day is the last. Source: Howard Hinnant, "chrono-compatible low-level date
  /// algorithms".
  private static func civilDate(daysSince1970 days: Int) -> (year: Int, month: Int, day: Int) {
    let (era, dayOfEra) = (days + 719_468).quotientAndRemainder(dividingBy: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
  }

  private static func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
