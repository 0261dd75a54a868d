import Foundation
import TestSupport
import Testing

@testable import RedisEngine

@Suite("The redis example's data structures")
struct RedisKeyspaceTests {
  @Test("the table does what a dictionary does", arguments: 0..<4)
  func table(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var table = ByteTable<Int>()
    var model: [[UInt8]: Int] = [:]
    let range = [4, 20, 300, 3000][Int(seed % 4)]
    for step in 0..<3000 {
      // Grows for a while, then shrinks.
      let key = Array("key \(Int.random(in: 0..<range, using: &random))".utf8)
      let place = table.place(of: Key(key.span))
      #expect(place.map { table[$0] } == model[key], "seed \(seed)")
      if Int.random(in: 0..<4, using: &random) < (step < 2000 ? 3 : 1) {
        model[key] = step
        if let place { table[place] = step } else { table.insert(key, hash: key.span.keyHash, step) }
      } else if let place {
        model[key] = nil
        table.remove(at: place)
      }
    }
    #expect(table.count == model.count)
    #expect(Dictionary(uniqueKeysWithValues: table.entries.map { ($0.key, $0.value) }) == model)
  }

  @Test("a scan meets all that stays, while the table grows and shrinks around it", arguments: 0..<4)
  func scan(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var table = ByteTable<Void>()
    func insert(_ text: String) {
      let key = Array(text.utf8)
      if table.place(of: Key(key.span)) == nil { table.insert(key, hash: key.span.keyHash, ()) }
    }
    for number in 0..<200 { insert("stays \(number)") }
    var met: Set<String> = []
    var cursor: UInt = 0
    var rounds = 0
    repeat {
      cursor = table.scan(cursor) { met.insert(text($0.key)) }
      rounds += 1
      if Bool.random(using: &random) {
        for number in 0..<Int.random(in: 0..<400, using: &random) { insert("goes \(number)") }
      } else {
        for place in table.entries.indices.reversed() where table.entries[place].key.first == UInt8(ascii: "g") {
          table.remove(at: place)
        }
      }
    } while cursor != 0 && rounds < 100_000
    #expect(cursor == 0)
    #expect(met.filter { $0.hasPrefix("stays") }.count == 200, "seed \(seed)")
  }

  @Test("a sorted set keeps the order of a sorted array, and its ranks", arguments: 0..<3)
  func sortedSet(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let set = SortedSet()
    var model: [String: Double] = [:]
    let range = [10, 300, 2000][Int(seed % 3)]
    func sorted() -> [(String, Double)] {
      model.map { ($0.key, $0.value) }.sorted { $0.1 != $1.1 ? $0.1 < $1.1 : $0.0 < $1.0 }
    }
    for step in 0..<4000 {
      if Int.random(in: 0..<10, using: &random) < (step < 2000 ? 8 : 3) {
        let member = "m\(Int.random(in: 0..<range, using: &random))"
        let score = Double(Int.random(in: 0..<100, using: &random)) / 4
        let key = Array(member.utf8)
        set.set(Key(key.span), score: score)
        model[member] = score
      } else if let first = set.popFirst() {
        let expected = model.min { $0.value != $1.value ? $0.value < $1.value : $0.key < $1.key }
        #expect(text(first.member) == expected?.key && first.score == expected?.value, "seed \(seed)")
        model[text(first.member)] = nil
      }
      guard step % 1000 == 999 else { continue }
      let all = sorted()
      #expect(set.count == all.count)
      for _ in 0..<20 {
        let low = Int.random(in: 0...all.count, using: &random)
        let high = Int.random(in: low...all.count, using: &random)
        var found: [String] = []
        set.forEach(in: low..<high) { found.append(text($0.member)) }
        #expect(found == all[low..<high].map(\.0), "seed \(seed)")
        found = []
        set.forEach(in: low..<high, backwards: true) { found.append(text($0.member)) }
        #expect(found == all[low..<high].reversed().map(\.0), "seed \(seed)")
        let bound = Double(Int.random(in: 0..<100, using: &random)) / 4
        #expect(set.rank { $0.score < bound } == all.filter { $0.1 < bound }.count)
      }
    }
  }

  @Test("a pattern full of stars takes no time")
  func stars() {
    let pattern = Array(String(repeating: "a*", count: 300).utf8) + [UInt8(ascii: "b")]
    let subject = [UInt8](repeating: UInt8(ascii: "a"), count: 3000)
    let isMatch = matches(pattern.span, subject.span)
    #expect(!isMatch)
  }

  @Test("integers are read as the real server reads them")
  func integers() {
    let cases: [(String, Int?)] = [
      ("0", 0), ("-1", -1), ("9223372036854775807", .max), ("-9223372036854775808", .min), ("9223372036854775808", nil),
      ("-9223372036854775809", nil), ("", nil), ("-", nil), ("-0", nil), ("00", nil), ("+1", nil), ("1 ", nil),
      ("1a", nil),
    ]
    for (input, value) in cases {
      let bytes = Array(input.utf8)
      let integer = bytes.span.integer
      #expect(integer == value, "\(input)")
    }
  }

  @Test("no command leaves the table of commands, and each is found in any case")
  func commandNames() {
    for place in CommandTable.shared.topLevel {
      let name = Array(CommandTable.shared.fullNames[place].uppercased().utf8)
      let found = CommandTable.shared.find(name.span)
      #expect(found == place)
    }
  }
}
