/// Counters, timers and sets since the last report.
struct Figures: Sendable {
  struct Timing: Sendable {
    var count = 0.0
    var sum = 0.0
    var minimum = Double.infinity
    var maximum = -Double.infinity
  }

  /// The most names and members, so that no sender can fill the memory.
  static let entryLimit = 100_000

  var counters: [String: Double] = [:]
  var timers: [String: Timing] = [:]
  var sets: [String: Set<String>] = [:]
  private(set) var lineCount = 0
  private(set) var badLineCount = 0
  private var memberCount = 0

  private var isFull: Bool { counters.count + timers.count + memberCount >= Self.entryLimit }

  mutating func count(isBad: Bool) {
    lineCount += 1
    if isBad { badLineCount += 1 }
  }

  /// Adds a sample. No sample is a bad line.
  mutating func record(_ sample: Sample?) {
    count(isBad: sample.map { !add($0) } ?? true)
  }

  /// Adds a sample unless there are too many names or members.
  private mutating func add(_ sample: Sample) -> Bool {
    let name = sample.name
    switch sample.kind {
    case .counter:
      guard counters[name] != nil || !isFull else { return false }
      counters[name, default: 0] += sample.number * sample.weight
    case .timer:
      guard timers[name] != nil || !isFull else { return false }
      timers[name, default: Timing()].add(
        Timing(
          count: sample.weight, sum: sample.number * sample.weight, minimum: sample.number, maximum: sample.number))
    case .set:
      guard sets[name]?.contains(sample.text) == true || !isFull else { return false }
      if sets[name, default: []].insert(sample.text).inserted { memberCount += 1 }
    case .gauge:
      return false
    }
    return true
  }

  /// Adds the figures of another loop.
  mutating func add(_ other: Figures) {
    lineCount += other.lineCount
    badLineCount += other.badLineCount
    counters.merge(other.counters, uniquingKeysWith: +)
    for (name, timing) in other.timers { timers[name, default: Timing()].add(timing) }
    sets.merge(other.sets) { $0.union($1) }
  }

  /// Returns the figures and begins anew, except for the numbers of lines.
  mutating func take() -> Figures {
    defer { (counters, timers, sets, memberCount) = ([:], [:], [:], 0) }
    return self
  }
}

extension Figures.Timing {
  mutating func add(_ other: Self) {
    count += other.count
    sum += other.sum
    minimum = min(minimum, other.minimum)
    maximum = max(maximum, other.maximum)
  }
}

extension Figures.Timing: CustomStringConvertible {
  var description: String {
    "count \(count.text), mean \((sum / count).text), min \(minimum.text), max \(maximum.text)"
  }
}

extension Double {
  /// The number, without a fraction where it is whole.
  var text: String { Int(exactly: self).map(String.init) ?? description }
}
