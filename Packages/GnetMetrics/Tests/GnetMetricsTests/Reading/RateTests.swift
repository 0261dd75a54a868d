import Gnet
import GnetMetrics
import Testing

@testable import MetricsClient

@Suite struct RateTests {
  /// The sample at a later time, with more counted.
  private func later(by nanoseconds: UInt64, reads: UInt64) -> MetricsSnapshot {
    var snapshot = FormatTests.snapshot
    for index in snapshot.loops.indices {
      snapshot.loops[index].publishedTime += nanoseconds
      snapshot.loops[index].statistics.reads += reads
      for counter in snapshot.loops[index].namedCounts.keys where counter.name == "logins" {
        snapshot.loops[index].namedCounts[counter]! += reads
      }
      snapshot.loops[index].statistics.busyNanoseconds += nanoseconds / 4
      snapshot.loops[index].statistics.waitingNanoseconds += nanoseconds / 4 * 3
    }
    return snapshot
  }

  @Test("rates are per second of the loop's own clock, and totals are sums")
  func rates() {
    let now = FormatTests.reading("/a", later(by: 500_000_000, reads: 50))
    let rates = ServerRates(now, since: FormatTests.reading("/a"))
    #expect(rates.isComparable)
    #expect(rates.loops.map(\.reads) == [100, 100])
    #expect(rates.total.reads == 200)
    #expect(rates.total.named == ["logins": 200, "reads": 0])
    #expect(rates.loops[0].busy == 0.25)
    #expect(rates.total.meanBusy == 0.25)
    #expect(rates.total.connectionsActive == 6)
  }

  @Test("a server that was started again, or has published nothing new, has no rates")
  func restarts() {
    var other = later(by: 500_000_000, reads: 50)
    other.serverStartTime += 1
    #expect(!ServerRates(FormatTests.reading("/a", other), since: FormatTests.reading("/a")).isComparable)
    #expect(!ServerRates(FormatTests.reading("/a"), since: nil).isComparable)
    let same = ServerRates(FormatTests.reading("/a", later(by: 0, reads: 50)), since: FormatTests.reading("/a"))
    #expect(same.total.reads == 0)
    let backwards = ServerRates(FormatTests.reading("/a"), since: FormatTests.reading("/a", later(by: 5, reads: 5)))
    #expect(backwards.total.reads == 0)
  }

  @Test("plain lines begin with the second reading: one per loop and a total")
  func plainLines() {
    var plain = PlainLines()
    #expect(plain.lines([FormatTests.reading("/a")]) == [])
    let lines = plain.lines([FormatTests.reading("/a", later(by: 1_000_000_000, reads: 7))])
    #expect(lines.count == 3)
    #expect(lines[0].hasPrefix("server=/a loop=0 connections_active=3 reads_per_second=7.000 "))
    #expect(lines[2].hasPrefix("server=/a loop=total connections_active=6 reads_per_second=14.000 "))
    #expect(lines[2].hasSuffix(" logins_per_second=14.000 reads_per_second=0.000"))
  }

  @Test("the rates of a stranger whose counters grow by all of 64 bits within a nanosecond are shown")
  func greatestRates() {
    var (before, now) = (FormatTests.snapshot, later(by: 1, reads: 0))
    before.loops[0].statistics.reads = 0
    now.loops[0].statistics.reads = .max
    let readings = [before, now].map { [FormatTests.reading("/a", $0)] }
    var plain = PlainLines()
    _ = plain.lines(readings[0])
    let line = plain.lines(readings[1])[0]
    #expect(line.contains(" reads_per_second=18446744073709551"))
    var table = LiveTable(style: TerminalStyle(isColoured: false))
    for reading in readings { table.update(reading) }
    #expect(table.lines(width: 100, height: 10).allSatisfy { $0.count <= 100 })
  }

  @Test("a complaint is told when it begins or changes, not again")
  func complaints() {
    var filter = ComplaintFilter()
    let failed = Reading(path: "/a", result: .failure(.silent))
    #expect(filter.newComplaints([failed]).count == 1)
    #expect(filter.newComplaints([failed]).count == 0)
    #expect(filter.newComplaints([Reading(path: "/a", result: .failure(.noSocket))]).count == 1)
    #expect(filter.newComplaints([FormatTests.reading("/a")]).count == 0)
    #expect(filter.newComplaints([failed]).count == 1)
  }

  @Test("the table fits every terminal", arguments: [1, 10, 20, 40, 79, 80, 120, 400], [1, 2, 5, 24])
  func fitting(width: Int, height: Int) {
    var table = LiveTable(style: TerminalStyle(isColoured: false))
    let failed = Reading(path: "/run/broken.sock", result: .failure(.timedOut(.seconds(2))))
    let long = "/a/very/long/path/to/a/socket/of/a/server/somewhere.sock"
    for reads in [0, 5, 123_456_789] as [UInt64] {
      let readings = [FormatTests.reading(long, later(by: 1_000_000_000, reads: reads)), failed]
      table.update(readings)
      let lines = table.lines(width: width, height: height)
      #expect(lines.count == min(height, 6))
      #expect(lines.allSatisfy { $0.count <= width })
    }
  }

  @Test("columns stay where they are when numbers change, and the most wanted come first")
  func columns() {
    var table = LiveTable(style: TerminalStyle(isColoured: false))
    table.update([FormatTests.reading("/a")])
    let first = table.lines(width: 80, height: 24)
    table.update([FormatTests.reading("/a", later(by: 1_000_000_000, reads: 123_456))])
    let second = table.lines(width: 80, height: 24)
    #expect(first[0] == second[0])
    #expect(first[0].split(separator: #/ {2,}/#).prefix(4) == ["loop", "conns", "reads/s", "in/s"])
    #expect(second[1].contains("247 k"))
    // Another size shows the same once more.
    #expect(table.lines(width: 60, height: 24)[1].contains("247 k"))
    #expect(first.count == 5)
    // The counts of filters, handlers and plugins are behind all others.
    #expect(table.lines(width: 400, height: 24)[0].hasSuffix("errors/s  logins/s   reads/s"))
  }

  @Test("colours are used only where they are wanted")
  func colours() {
    for isColoured in [true, false] {
      var table = LiveTable(style: TerminalStyle(isColoured: isColoured))
      table.update([FormatTests.reading("/a")])
      let lines = table.lines(width: 80, height: 24)
      #expect(lines.contains { $0.contains("\u{1B}[") } == isColoured)
    }
  }
}
