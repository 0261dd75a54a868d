/// The events of the simulated network that are still to come, by time.
///
/// Events of one moment come in an order drawn from the seed.
struct EventQueue {
  private struct Entry {
    let time: Int64
    let rank: UInt64
    let action: () -> Void

    func comes(before other: Entry) -> Bool { time != other.time ? time < other.time : rank < other.rank }
  }

  /// A binary heap.
  private var entries: [Entry] = []

  /// The time of the next event; `nil` without events.
  var nextTime: Int64? { entries.first?.time }

  mutating func add(at time: Int64, rank: UInt64, _ action: @escaping () -> Void) {
    entries.append(Entry(time: time, rank: rank, action: action))
    var index = entries.count - 1
    while index > 0, entries[index].comes(before: entries[(index - 1) / 2]) {
      entries.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  /// Takes the next event.
  mutating func takeNext() -> () -> Void {
    entries.swapAt(0, entries.count - 1)
    let action = entries.removeLast().action
    var index = 0
    while true {
      var first = index
      for child in [2 * index + 1, 2 * index + 2]
      where child < entries.count && entries[child].comes(before: entries[first]) {
        first = child
      }
      if first == index { return action }
      entries.swapAt(index, first)
      index = first
    }
  }

  mutating func removeAll() { entries = [] }
}
