import ArgumentParser
import MetricsClient

struct Watch: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows rates per loop and in total, live.",
    discussion: """
      On a terminal it is a table that fits it, until Ctrl-C; on a pipe, lines of the form name=value. A socket that \
      does not answer is named; the exit code is 1 if none answers at the start, or one did not at the end.
      """)

  @OptionGroup var sockets: SocketArguments

  @Option(help: ArgumentHelp("How often: 500ms, 1s, 2m.", valueName: "interval"))
  var interval = Interval(argument: "1s")!

  func run() throws {
    let interruption = try Interruption()
    let reader = SnapshotReader(interruption: interruption)
    var readings = reader.read(sockets.distinctPaths)
    if readings.allSatisfy({ $0.snapshot == nil }) { return try fail(readings) }
    if let terminal = try Terminal() {
      try show(on: terminal, &readings, reader, interruption)
    } else {
      try printLines(&readings, reader, interruption)
    }
    if readings.contains(where: { $0.complaint != nil }) { try fail(readings) }
  }

  /// Draws the table at every interval, and whenever the terminal changes its size, until a signal arrives.
  private func show(
    on terminal: consuming Terminal, _ readings: inout [Reading], _ reader: SnapshotReader, _ interruption: Interruption
  ) throws {
    let resizing = try Resizing()
    var table = LiveTable(style: TerminalStyle(isColoured: terminal.isColoured))
    while true {
      table.update(readings)
      let deadline = ContinuousClock.now + interval.duration
      var event = Interruption.Event.resized
      while event == .resized {
        let (width, height) = terminal.size
        try terminal.show(table.lines(width: width, height: height))
        event = interruption.wait(until: deadline, or: resizing)
      }
      if event == .interrupted { return }
      guard let next = read(reader, interruption) else { return }
      readings = next
    }
  }

  private func printLines(
    _ readings: inout [Reading], _ reader: SnapshotReader, _ interruption: Interruption
  ) throws {
    var plain = PlainLines()
    var filter = ComplaintFilter()
    while true {
      let deadline = ContinuousClock.now + interval.duration
      try Output.write(plain.lines(readings).map { $0 + "\n" }.joined())
      for complaint in filter.newComplaints(readings) { Output.error(complaint) }
      if interruption.wait(until: deadline) == .interrupted { return }
      guard let next = read(reader, interruption) else { return }
      readings = next
    }
  }

  /// Reads all sockets; `nil` if a signal has arrived meanwhile.
  private func read(_ reader: SnapshotReader, _ interruption: Interruption) -> [Reading]? {
    let readings = reader.read(sockets.distinctPaths)
    return interruption.hasArrived ? nil : readings
  }

  private func fail(_ readings: [Reading]) throws {
    for complaint in readings.compactMap(\.complaint) { Output.error(complaint) }
    throw ExitCode.failure
  }
}
