/// The course of a simulation: what every loop has asked of its system, and what the network has done.
struct Trace {
  struct Entry {
    let time: Int64
    let place: Int
    let call: String
    let subject: Int
    let result: Int
  }

  private(set) var entries: [Entry] = []
  /// A hash of all entries.
  private(set) var fingerprint: UInt64 = 0xcbf2_9ce4_8422_2325

  /// Adds an entry.
  ///
  /// - Parameters:
  ///   - place: the number of the host.
  ///   - subject: the descriptor, loop or connection; -1 for none.
  mutating func add(_ time: Int64, _ place: Int, _ call: String, _ subject: Int, _ result: Int) {
    entries.append(Entry(time: time, place: place, call: call, subject: subject, result: result))
    mix(UInt64(bitPattern: time))
    mix(UInt64(truncatingIfNeeded: place) << 32 ^ UInt64(truncatingIfNeeded: subject))
    mix(UInt64(bitPattern: Int64(result)))
    for byte in call.utf8 { mix(UInt64(byte)) }
  }

  // Source: the FNV-1a hash of 64 bits by G. Fowler, L. C. Noll and K.-P. Vo, with words instead of bytes.
  private mutating func mix(_ word: UInt64) { fingerprint = (fingerprint ^ word) &* 0x100_0000_01b3 }

  /// The entries as text.
  func lines(_ name: (Int) -> String) -> [String] {
    entries.map { entry in
      let micros = entry.time / 1000
      let fraction = String(micros % 1_000_000)
      let time = "\(micros / 1_000_000).\(String(repeating: "0", count: 6 - fraction.count))\(fraction)"
      let subject = entry.subject < 0 ? "" : String(entry.subject)
      return "\(time) \(name(entry.place)): \(entry.call)(\(subject)) = \(entry.result)"
    }
  }
}
