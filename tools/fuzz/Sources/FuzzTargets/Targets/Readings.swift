import Foundation
import Gnet
import GnetMetrics

@testable import MetricsClient

extension FuzzTarget {
  static func readings(_ choices: inout Choices) {
    let first = choices.bytes(choices.number(0...1023))
    let before = [reading("/run/a.sock", first), reading("/run/\"b\\\n.sock", Array(choices.rest))]
    // The same socket one after the other, too.
    let now = [reading("/run/a.sock", Array(choices.rest)), reading("/run/\"b\\\n.sock", first)]
    for readings in [before, now] {
      Exposition(PrometheusFormat.text(readings)).check()
      for probe in HealthProbe.allCases { _ = probe.response(to: readings) }
      for reading in readings { check(reading) }
    }
    checkRates(before, now)
  }

  private static func reading(_ path: String, _ bytes: [UInt8]) -> Reading {
    if bytes.isEmpty { return Reading(path: path, result: .failure(.silent)) }
    do throws(MetricsSnapshotError) {
      let snapshot = try MetricsSnapshot(decoding: bytes)
      return Reading(path: path, result: .success(Reading.Received(snapshot: snapshot, bytes: bytes)))
    } catch {
      return Reading(path: path, result: .failure(.unreadable(error)))
    }
  }

  private static func check(_ reading: Reading) {
    let json = JSONFormat.line(reading)
    expect(!json.contains("\n"), "the object has more than one line")
    do {
      let object = try JSONDecoder().decode(DecodedReading.self, from: Data(json.utf8))
      expectEqual(object.server, reading.path, "the path in JSON")
      expectEqual(object.host_name, reading.snapshot?.hostName, "the name of the host in JSON")
      expectEqual(object.addresses, reading.snapshot?.addresses, "the addresses in JSON")
      expectEqual(object.loops?.map(\.reads), reading.snapshot?.loops.map(\.statistics.reads), "the reads in JSON")
    } catch {
      fatalError("\(json) is no JSON: \(error)")
    }
    if let snapshot = reading.snapshot { expectPrintable(TextFormat.text(snapshot, path: reading.path)) }
    if let complaint = reading.complaint { expectPrintable(complaint) }
  }

  private static func checkRates(_ before: [Reading], _ now: [Reading]) {
    var (table, plain) = (LiveTable(style: TerminalStyle(isColoured: false)), PlainLines())
    for readings in [before, now] {
      table.update(readings)
      for (width, height) in [(20, 5), (200, 50)] {
        let lines = table.lines(width: width, height: height)
        expect(lines.count <= height && lines.allSatisfy { $0.count <= width }, "the table does not fit")
        lines.forEach(expectPrintable)
      }
      plain.lines(readings).forEach(expectPrintable)
    }
  }

  private static func expectPrintable(_ text: String) {
    expect(
      text.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control },
      "a control character: \(text.debugDescription)")
  }
}

/// A part of the object of a reading.
private struct DecodedReading: Decodable {
  struct Loop: Decodable {
    var reads: UInt64
  }

  var server: String
  var host_name: String?
  var addresses: [String]?
  var loops: [Loop]?
}

/// A text in Prometheus' format, read line by line.
private struct Exposition {
  private let lines: [Substring]

  init(_ text: String) { lines = text.unicodeScalars.split(separator: "\n").map { Substring($0) } }

  /// Checks that each sample has a name, labels and a number.
  func check() {
    for line in lines where !line.hasPrefix("# HELP gnet_") && !line.hasPrefix("# TYPE gnet_") {
      var rest = line.unicodeScalars
      expect(skipName(&rest) && skipLabels(&rest), "no sample: \(line.debugDescription)")
      let value = Substring(rest.dropFirst())
      expect(rest.first == " " && Double(value) != nil, "no value: \(line.debugDescription)")
    }
  }

  private func skipName(_ rest: inout Substring.UnicodeScalarView) -> Bool {
    let name = rest.prefix { ("a"..."z").contains($0) || $0 == "_" }
    rest = rest.dropFirst(name.count)
    return !name.isEmpty
  }

  private func skipLabels(_ rest: inout Substring.UnicodeScalarView) -> Bool {
    guard rest.popFirst() == "{" else { return false }
    while true {
      guard skipName(&rest), rest.popFirst() == "=", skipQuoted(&rest) else { return false }
      switch rest.popFirst() {
      case ",": continue
      case "}": return true
      default: return false
      }
    }
  }

  private func skipQuoted(_ rest: inout Substring.UnicodeScalarView) -> Bool {
    guard rest.popFirst() == "\"" else { return false }
    while let scalar = rest.popFirst() {
      if scalar == "\"" { return true }
      if scalar == "\\" {
        guard let escaped = rest.popFirst(), ["\\", "\"", "n"].contains(escaped) else { return false }
      }
    }
    return false
  }
}
