import ArgumentParser
import Gnet
import GnetMetrics
import MetricsClient
import Synchronization

struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Answers Prometheus over HTTP, for any number of servers on this host.",
    discussion: """
      GET /metrics reads every socket, for at most 2 seconds; gnet_up{server="PATH"} is 0 for one that does not answer. \
      Ends on SIGINT and SIGTERM.
      """)

  @OptionGroup var sockets: SocketArguments

  @Option(help: ArgumentHelp("Where to listen; port 0 is any.", valueName: "host:port"))
  var listen = "127.0.0.1:9464"

  func run() throws {
    let interruption = try Interruption()
    let complaints = Mutex(ComplaintFilter())
    let endpoint = PrometheusEndpoint(sockets.distinctPaths, reader: SnapshotReader()) { readings in
      for complaint in complaints.withLock({ $0.newComplaints(readings) }) { Output.error(complaint) }
    }
    defer { endpoint.stop() }
    var options = PrometheusEndpoint.options
    options.plugins = [EndNotice(interruption)]
    let server = try start([Listener("tcp://\(listen)", endpoint.service)], options: options)
    try Output.write("listening on http://\(server.server.addresses[0])/metrics\n")
    interruption.wait()
    server.shutdown()
    try server.wait()
  }

  /// Ends the wait for a signal when the server has ended.
  private struct EndNotice: Plugin {
    private let interruption: Interruption

    init(_ interruption: Interruption) { self.interruption = interruption }

    func stopped(_ server: Server) { interruption.raise() }
  }
}
