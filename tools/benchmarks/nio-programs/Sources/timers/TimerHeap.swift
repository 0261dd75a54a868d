import Poller

/// A binary heap of deadlines that knows where each timer is: setting, moving, dropping and taking one is O(log n).
struct TimerHeap: ExpiringQueue {
  private struct Entry {
    let deadline: Poller.Instant
    let id: UInt32
  }

  private var entries: [Entry] = []
  /// The place of each timer in the heap, by its number.
  private var places: [UInt32] = []
  private var events: [UInt64] = []
  private var free: [UInt32] = []

  var next: Poller.Instant { entries.first?.deadline ?? .never }

  mutating func set(_ event: UInt64, at deadline: Poller.Instant, now: Poller.Instant) -> UInt32 {
    let id = free.popLast() ?? UInt32(places.count)
    if id == places.count {
      places.append(0)
      events.append(event)
    } else {
      events[Int(id)] = event
    }
    let entry = Entry(deadline: deadline, id: id)
    entries.append(entry)
    rise(entry, from: entries.count - 1)
    return id
  }

  mutating func move(_ id: inout UInt32, to deadline: Poller.Instant, now: Poller.Instant) {
    settle(Entry(deadline: deadline, id: id), at: Int(places[Int(id)]))
  }

  mutating func remove(_ id: UInt32) {
    let place = Int(places[Int(id)])
    let last = entries.removeLast()
    if place < entries.count { settle(last, at: place) }
    free.append(id)
  }

  mutating func expire(until now: Poller.Instant) -> UInt64? {
    guard let first = entries.first, first.deadline <= now else { return nil }
    remove(first.id)
    return events[Int(first.id)]
  }

  /// Puts an entry where it belongs, beginning at a place whose own entry is not needed any more.
  private mutating func settle(_ entry: Entry, at place: Int) {
    if place > 0, entry.deadline < entries[(place - 1) / 2].deadline {
      rise(entry, from: place)
    } else {
      sink(entry, from: place)
    }
  }

  private mutating func rise(_ entry: Entry, from start: Int) {
    var place = start
    while place > 0, entry.deadline < entries[(place - 1) / 2].deadline {
      put(entries[(place - 1) / 2], at: place)
      place = (place - 1) / 2
    }
    put(entry, at: place)
  }

  private mutating func sink(_ entry: Entry, from start: Int) {
    var place = start
    while 2 * place + 1 < entries.count {
      var child = 2 * place + 1
      if child + 1 < entries.count, entries[child + 1].deadline < entries[child].deadline { child += 1 }
      if entry.deadline <= entries[child].deadline { break }
      put(entries[child], at: place)
      place = child
    }
    put(entry, at: place)
  }

  private mutating func put(_ entry: Entry, at place: Int) {
    entries[place] = entry
    places[Int(entry.id)] = UInt32(place)
  }
}
