// Adds up the metrics that programs send in datagrams, as statsd does; a console on TCP shows them.
import ArgumentParser
import ExampleSupport
import Gnet

@main
struct Statsd: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "statsd",
    abstract: "Adds up the metrics that programs send in datagrams; a console on TCP shows them.")

  @OptionGroup var server: ServerArguments

  @Option(help: ArgumentHelp("The time between two reports on standard output, 1 to 3600.", valueName: "seconds"))
  var interval = 10

  func validate() throws {
    guard 1...3600 ~= interval else { throw ValidationError("--interval must be from 1 to 3600.") }
  }

  func run() throws {
    let metrics = Metrics()
    try server.serve(
      Self.console(of: metrics), datagrams: Self.datagrams(for: metrics),
      // A socket for each loop, among which the kernel deals the senders.
      defaultAddress: "udp://:8125?reuseport=true", "tcp://localhost:8126"
    ) { server in
      server.loops[0].every(.seconds(interval)) { Task { await metrics.report() } }.keep()
    }
  }

  /// The service of the console.
  static func console(of metrics: Metrics) -> Service {
    Service(async: { connection in try await Console(metrics: metrics).run(connection) })
  }

  /// The service of the senders.
  static func datagrams(for metrics: Metrics) -> Service {
    var events = Events()
    events.react = { _, datagram in
      metrics.record(String(decoding: datagram.readAll(), as: UTF8.self))
      return .none
    }
    return Service(events)
  }
}
