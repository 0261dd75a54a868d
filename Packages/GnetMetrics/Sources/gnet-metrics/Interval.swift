import ArgumentParser

/// A length of time on the command line: 500ms, 1s, 1.5s, 2m. A bare number is in seconds.
struct Interval: ExpressibleByArgument {
  let duration: Duration

  init?(argument: String) {
    let units: [(String, Double)] = [("ms", 0.001), ("s", 1), ("m", 60), ("", 1)]
    guard let (suffix, factor) = units.first(where: { argument.hasSuffix($0.0) }),
      let number = Double(argument.dropLast(suffix.count)), number.isFinite, (0.001...86400) ~= number * factor
    else { return nil }
    duration = .milliseconds(Int64((number * factor * 1000).rounded()))
  }

  var defaultValueDescription: String { "\(duration.components.seconds)s" }
}
