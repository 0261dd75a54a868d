import Gnet
import Testing

@testable import GnetMetrics

@Suite struct CounterFieldTests {
  /// The counters of a loop, each with a value of its own: its place in the table, from 1.
  private static var sample: MetricsSnapshot.LoopCounters {
    var loop = MetricsSnapshot.LoopCounters(index: 0)
    for (place, field) in CounterField.all.enumerated() { loop[keyPath: field.path] = UInt64(place) + 1 }
    return loop
  }

  @Test("the table has the properties of LoopStatistics, each once and under its own name")
  func completeness() throws {
    let properties = Mirror(reflecting: Self.sample.statistics).children
    var names: [String] = []
    for property in properties {
      let place = try #require(property.value as? UInt64)
      try #require(place > 0, "\(property.label!) is not in the table")
      let name = CounterField.all[Int(place) - 1].name
      #expect(name == Self.snakeCase(property.label!))
      names.append(name)
    }
    #expect(MemoryLayout<LoopStatistics>.size == properties.count * MemoryLayout<UInt64>.size)
    #expect(Set(names).count == properties.count)
    #expect(
      CounterField.all.map(\.name).filter { !names.contains($0) }
        == ["stalls", "turn_age_nanoseconds", "published_time"])
  }

  @Test("each counter is sent under the number that the schema gives its name")
  func numbers() throws {
    var snapshot = MetricsSnapshot()
    snapshot.loops = [Self.sample]
    let fields = WireMessage(snapshot.encoded())
    let counters = WireMessage(try #require(fields.bytes[Schema().number(of: "loops", in: "Snapshot")]))
    for (place, field) in CounterField.all.enumerated() {
      let number = try Schema().number(of: field.name, in: "LoopCounters")
      #expect(counters.numbers[number] == UInt64(place) + 1, "\(field.name)")
    }
  }

  /// `connectionsOpened` as `connections_opened`.
  private static func snakeCase(_ name: String) -> String {
    name.map { $0.isUppercase ? "_\($0.lowercased())" : String($0) }.joined()
  }
}

/// The fields of a message in protobuf's encoding, by their numbers; of a repeated one the last.
private struct WireMessage {
  var numbers: [Int: UInt64] = [:]
  var bytes: [Int: [UInt8]] = [:]

  /// Reads a message that has variable-length integers and byte strings only.
  init(_ message: [UInt8]) {
    var rest = message[...]
    while !rest.isEmpty {
      let tag = Self.integer(&rest)
      let value = Self.integer(&rest)
      if tag & 7 == 0 {
        numbers[Int(tag >> 3)] = value
      } else {
        bytes[Int(tag >> 3)] = Array(rest.prefix(Int(value)))
        rest = rest.dropFirst(Int(value))
      }
    }
  }

  private static func integer(_ rest: inout ArraySlice<UInt8>) -> UInt64 {
    var (value, shift): (UInt64, UInt64) = (0, 0)
    while let byte = rest.popFirst() {
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { break }
      shift += 7
    }
    return value
  }
}
