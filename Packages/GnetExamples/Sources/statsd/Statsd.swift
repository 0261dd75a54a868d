// Adds up the metrics that programs send in datagrams, as statsd does; a console on TCP shows them.
import ArgumentParser
import ExampleSupport
import Gnet

@main
struct Statsd: ServerProgram {
  static let summary = "Adds up the metrics that programs send in datagrams; a console on TCP shows them."

  @Option(in: 1...3600, help: "The time between two reports on standard output", valueName: "seconds")
  var interval = 10

  func run(_ server: ServerArguments) throws {
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
