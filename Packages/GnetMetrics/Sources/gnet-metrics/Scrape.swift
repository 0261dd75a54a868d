import ArgumentParser
import MetricsClient

struct Scrape: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Prints one snapshot of each server.",
    discussion: """
      A socket that is missing, refuses, does not answer within 2 seconds or sends something else is named on standard \
      error; the others are printed, and the exit code is 1.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json, prometheus, protobuf
  }

  @OptionGroup var sockets: SocketArguments

  @Option(
    help: "text: for people; json: an object in a line per server; prometheus: text exposition; protobuf: as received.")
  var format = Format.text

  func validate() throws {
    if format == .protobuf && sockets.distinctPaths.count > 1 {
      throw ValidationError("--format protobuf takes one path: messages that follow each other cannot be told apart.")
    }
  }

  func run() throws {
    let readings = try SnapshotReader.read(sockets.distinctPaths)
    try Output.write(render(readings))
    let complaints = readings.compactMap(\.complaint)
    for complaint in complaints { Output.error(complaint) }
    if !complaints.isEmpty { throw ExitCode.failure }
  }

  private func render(_ readings: [Reading]) -> [UInt8] {
    let received = readings.compactMap { reading in (try? reading.result.get()).map { (reading.path, $0) } }
    switch format {
    case .text:
      return Array(received.map { TextFormat.text($1.snapshot, path: $0) }.joined(separator: "\n").utf8)
    case .json:
      return Array(received.map { JSONFormat.line($1.snapshot, path: $0) + "\n" }.joined().utf8)
    case .prometheus:
      return Array(PrometheusFormat.text(readings).utf8)
    case .protobuf:
      return received.flatMap(\.1.bytes)
    }
  }
}
