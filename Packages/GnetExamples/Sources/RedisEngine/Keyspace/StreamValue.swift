internal import DequeModule

/// The number of an entry of a stream: a time in milliseconds, and a sequence number within it.
struct StreamID: Comparable {
  var milliseconds: UInt64
  var sequence: UInt64

  static let zero = StreamID(milliseconds: 0, sequence: 0)
  static let greatest = StreamID(milliseconds: .max, sequence: .max)

  static func < (left: StreamID, right: StreamID) -> Bool {
    (left.milliseconds, left.sequence) < (right.milliseconds, right.sequence)
  }

  /// The next number; `nil` behind the greatest.
  var next: StreamID? {
    if sequence < .max { return StreamID(milliseconds: milliseconds, sequence: sequence + 1) }
    return milliseconds < .max ? StreamID(milliseconds: milliseconds + 1, sequence: 0) : nil
  }

  /// The number before; `nil` before zero.
  var previous: StreamID? {
    if sequence > 0 { return StreamID(milliseconds: milliseconds, sequence: sequence - 1) }
    return milliseconds > 0 ? StreamID(milliseconds: milliseconds - 1, sequence: .max) : nil
  }

  var text: [UInt8] { Array("\(milliseconds)-\(sequence)".utf8) }
}

/// Entries in the order of their numbers, each a list of fields and their values in turn.
///
/// Entries are added at the end and trimmed at the start. Unlike other collections, a stream may be empty: it knows the
/// last number that it has given.
final class StreamValue: CollectionValue {
  struct Entry {
    let id: StreamID
    let fields: [[UInt8]]
  }

  private(set) var entries: Deque<Entry> = []
  private(set) var lastID = StreamID.zero

  static func unwrap(_ value: Value) -> StreamValue? { if case .stream(let stream) = value { stream } else { nil } }
  var wrapped: Value { .stream(self) }
  var isEmpty: Bool { entries.isEmpty }

  /// Adds an entry with a number above the last.
  func add(_ entry: Entry) {
    assert(entry.id > lastID, "entries are in the order of their numbers")
    entries.append(entry)
    lastID = entry.id
  }

  func trim(toCount count: Int) { if count < entries.count { entries.removeFirst(entries.count - count) } }

  func trim(below id: StreamID) { entries.removeFirst(position(of: id)) }

  /// The number of entries before a number.
  func position(of id: StreamID) -> Int {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].id < id { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
