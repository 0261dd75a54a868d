/// Numbers as people read them: three significant digits and a unit.
enum HumanUnits {
  /// A count: 999, 12.3 k, 4.56 M.
  static func count(_ value: UInt64) -> String { count(Double(value)) }

  /// A count or a rate.
  static func count(_ value: Double) -> String { scaled(value, by: 1000, ["", " k", " M", " G", " T", " P", " E"]) }

  /// Bytes: 999 B, 12.3 KiB.
  static func bytes(_ value: UInt64) -> String { bytes(Double(value)) }

  /// Bytes, or bytes per second.
  static func bytes(_ value: Double) -> String {
    scaled(value, by: 1024, [" B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB"])
  }

  /// A time: 50 us, 2.5 ms, 12.3 s, 5 min 3 s, 2 h 5 min, 3 d 4 h.
  static func time(nanoseconds: UInt64) -> String {
    let seconds = nanoseconds / 1_000_000_000
    if seconds < 60 { return scaled(Double(nanoseconds), by: 1000, [" ns", " us", " ms", " s"]) }
    if seconds < 3600 { return "\(seconds / 60) min \(seconds % 60) s" }
    if seconds < 86400 { return "\(seconds / 3600) h \(seconds % 3600 / 60) min" }
    return "\(seconds / 86400) d \(seconds % 86400 / 3600) h"
  }

  /// A part of a whole: 12.3 %.
  static func percent(_ part: Double) -> String { "\(digits(part * 100)) %" }

  private static func scaled(_ value: Double, by step: Double, _ units: [String]) -> String {
    var (value, index) = (value, 0)
    // A value that rounds up to the next unit is written in that unit.
    while index < units.count - 1, value >= step - 0.5 {
      value /= step
      index += 1
    }
    return digits(value) + units[index]
  }

  /// Three significant digits, without zeros at the end.
  private static func digits(_ value: Double) -> String {
    let places = value < 9.995 ? 100.0 : value < 99.95 ? 10.0 : 1.0
    let rounded = (value * places).rounded() / places
    return rounded == rounded.rounded() ? "\(Int64(rounded))" : "\(rounded)"
  }
}
