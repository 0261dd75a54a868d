import ArgumentParser
import Gnet
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
    let events = try EventQueue()
    let running = try start([], options: SnapshotReader.options)
    running.whenEnded { events.interrupt() }
    let loop = running.server.loops[0]
    let reading = RepeatedReading(of: sockets.distinctPaths, every: interval.duration, on: loop) { events.notify() }
    let last = try show(reading, events)
    running.shutdown()
    try running.wait()
    for complaint in last.compactMap(\.complaint) { Output.error(complaint) }
    if last.isEmpty || last.contains(where: { $0.complaint != nil }) { throw ExitCode.failure }
  }

  /// Shows the readings as they come, until a signal arrives, or at the start no socket answers.
  ///
  /// - Returns: the last readings; none if a signal came before.
  private func show(_ reading: RepeatedReading, _ events: EventQueue) throws -> [Reading] {
    var last: [Reading] = []
    var view: (any RateView)?
    while true {
      switch events.next() {
      case .interrupted:
        return last
      case .resized:
        try view?.redraw()
      case .notified:
        guard let readings = reading.take() else { continue }
        last = readings
        if view == nil {
          if readings.allSatisfy({ $0.snapshot == nil }) { return last }
          if let terminal = try Terminal() { view = TableView(terminal) } else { view = LinesView() }
        }
        try view?.show(readings)
      }
    }
  }
}

/// The display of readings.
private protocol RateView: AnyObject {
  /// Shows the rates since the readings before.
  func show(_ readings: [Reading]) throws
  /// Shows the same once more, since the terminal has another size.
  func redraw() throws
}

/// A table that fits the terminal.
private final class TableView: RateView {
  private let terminal: Terminal
  private var table: LiveTable

  init(_ terminal: consuming Terminal) {
    table = LiveTable(style: TerminalStyle(isColoured: terminal.isColoured))
    self.terminal = terminal
  }

  func show(_ readings: [Reading]) throws {
    table.update(readings)
    try redraw()
  }

  func redraw() throws {
    let (width, height) = terminal.size
    try terminal.show(table.lines(width: width, height: height))
  }
}

/// Lines for a pipe.
private final class LinesView: RateView {
  private var lines = PlainLines()
  private var filter = ComplaintFilter()

  func show(_ readings: [Reading]) throws {
    try Output.write(lines.lines(readings).map { $0 + "\n" }.joined())
    for complaint in filter.newComplaints(readings) { Output.error(complaint) }
  }

  func redraw() {}
}
