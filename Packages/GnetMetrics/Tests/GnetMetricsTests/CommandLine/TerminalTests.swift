import Foundation
import Gnet
import TestPeers
import TestSupport
import Testing

@Suite struct TerminalTests {
  /// A control sequence: of private modes, of the cursor, of colours.
  private static var sequence: Regex<Substring> { #/\u{1B}\[[?0-9;]*[A-Za-z]/# }

  /// The frames that have been drawn, each with a string of visible characters per line.
  private static func frames(_ output: String) -> [[String]] {
    output.components(separatedBy: "\u{1B}[H").dropFirst().filter { $0.contains("\u{1B}[J") }.map { frame in
      frame.components(separatedBy: "\u{1B}[J")[0].replacing("\u{1B}[K", with: "").replacing(sequence, with: "")
        .components(separatedBy: "\r\n")
    }
  }

  private func require(_ count: Int, framesOf program: Program) throws {
    try TestSupport.require("the table is drawn") { Self.frames(program.outputSoFar).count >= count }
  }

  @Test(
    "watch draws a table that fits, without clearing what it draws again, and leaves the terminal as it was",
    arguments: [(20, 5), (60, 10), (80, 24), (200, 50)])
  func table(columns: Int, rows: Int) throws {
    let missing = Files.temporaryPath()
    try withServer(try TestServer(loops: 7)) { server in
      let terminal = try PseudoTerminal(columns: columns, rows: rows)
      let program = try Tool.start(on: terminal, ["watch", server.metrics, missing, "--interval", "20ms"])
      try require(5, framesOf: program)
      terminal.interrupt()
      let (status, output, _) = try program.result()
      // One of the sockets did not answer at the end.
      #expect(status == 1)
      #expect(output.hasPrefix("\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l\u{1B}[H"))
      let rest = output.components(separatedBy: "\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l")
      #expect(rest.count == 2)
      #expect(rest[1].hasPrefix("gnet-metrics: \(missing): ") && rest[1].split(whereSeparator: \.isNewline).count == 1)
      #expect(!output.contains("\u{1B}[2J"))
      let frames = Self.frames(output)
      #expect(Set(frames.map(\.count)) == [min(rows, 11)])
      #expect(frames.allSatisfy { $0.allSatisfy { $0.count < columns } })
      #expect(frames.allSatisfy { $0[0].hasPrefix("loop ") && $0[1].hasPrefix("total ") })
      #expect(frames[0][0].contains("errors/s") == (columns == 200))
    }
  }

  @Test("a socket of any failing kind has a row with the reason, below the others")
  func failingSockets() throws {
    try withFailingSockets { failures in
      try withServer(try TestServer()) { server in
        let terminal = try PseudoTerminal(columns: 400, rows: 50)
        let program = try Tool.start(on: terminal, ["watch", server.metrics] + failures.map(\.path))
        try require(1, framesOf: program)
        let rows = Self.frames(program.outputSoFar)[0].suffix(failures.count)
        for (row, failure) in zip(rows, failures) {
          #expect(row.hasPrefix("\(failure.path): ") && failure.isTold(by: row))
        }
        terminal.interrupt()
        #expect(try program.result().status == 1)
      }
    }
  }

  @Test("watch draws at once what fits when the terminal gets another size")
  func resizing() throws {
    try withServer(try TestServer(loops: 7)) { server in
      let terminal = try PseudoTerminal(columns: 80, rows: 24)
      let program = try Tool.start(on: terminal, ["watch", server.metrics, "--interval", "10m"])
      try require(1, framesOf: program)
      for (count, (columns, rows)) in [(40, 5), (132, 40), (10, 2)].enumerated() {
        terminal.resize(columns: columns, rows: rows)
        try require(count + 2, framesOf: program)
        let frame = Self.frames(program.outputSoFar).last!
        #expect(frame.count == min(rows, 10))
        #expect(frame.allSatisfy { $0.count < columns })
      }
      terminal.interrupt()
      #expect(try program.result().status == 0)
    }
  }

  @Test("colours are used on a terminal, unless the environment wants none")
  func colours() throws {
    try withServer(try TestServer()) { server in
      for (environment, isColoured) in [([:], true), (["NO_COLOR": "1"], false)] as [([String: String], Bool)] {
        let terminal = try PseudoTerminal(columns: 80, rows: 24)
        let program = try Tool.start(
          on: terminal, ["watch", server.metrics, "--interval", "20ms"], environment: environment)
        try require(2, framesOf: program)
        terminal.interrupt()
        let (status, output, _) = try program.result()
        #expect(status == 0)
        #expect(output.contains(#/\u{1B}\[[0-9;]*m/#) == isColoured)
      }
    }
  }

  @Test("a terminal that cannot move its cursor gets plain lines")
  func dumbTerminal() throws {
    try withServer(try TestServer()) { server in
      let terminal = try PseudoTerminal(columns: 80, rows: 24)
      let program = try Tool.start(
        on: terminal, ["watch", server.metrics, "--interval", "20ms"], environment: ["TERM": "dumb"])
      try TestSupport.require("lines have come") { program.outputSoFar.contains("loop=total") }
      terminal.interrupt()
      let (status, output, _) = try program.result()
      #expect(status == 0)
      #expect(!output.contains("\u{1B}"))
    }
  }

  @Test("a server that ends and comes again is shown so, and what was typed at the end is an end")
  func restart() throws {
    let path = Files.temporaryPath()
    let first = try TestServer(metrics: path)
    let terminal = try PseudoTerminal(columns: 120, rows: 24)
    let program = try Tool.start(on: terminal, ["watch", path, "--interval", "20ms"])
    try require(2, framesOf: program)
    first.stop()
    try TestSupport.require("its end is shown") {
      Self.frames(program.outputSoFar).last!.contains { $0.contains("there is no such socket") }
    }
    try withServer(try TestServer(metrics: path)) { _ in
      let count = Self.frames(program.outputSoFar).count
      try require(count + 2, framesOf: program)
      #expect(Self.frames(program.outputSoFar).last!.contains { $0.hasPrefix("  0 ") })
      terminal.interrupt()
      #expect(try program.result().status == 0)
    }
  }
}
