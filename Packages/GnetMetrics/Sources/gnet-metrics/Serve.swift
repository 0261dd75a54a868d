import ArgumentParser
import Gnet
import GnetMetrics
import MetricsClient
import Synchronization

struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Answers Prometheus and browsers over HTTP or HTTPS, for any number of servers on this host.",
    discussion: """
      GET /metrics reads every socket, for at most 2 seconds; gnet_up{server="PATH"} is 0 for one that does not answer. \
      GET / is a page with live charts for people: the sockets are read once per interval while somebody looks. \
      GET /healthz is 200 while every server answers and none of its loops is stuck, GET /readyz while all accept \
      connections. Ends on SIGINT and SIGTERM.
      """)

  @OptionGroup var sockets: SocketArguments

  @Option(help: ArgumentHelp("Where to listen; port 0 is any.", valueName: "host:port"))
  var listen = "127.0.0.1:9464"

  @Option(help: ArgumentHelp("How often the page is updated: 500ms, 1s, at most 1m.", valueName: "interval"))
  var interval = Interval(argument: "1s")!

  @OptionGroup var tls: TLSArguments

  func validate() throws {
    if interval.duration > .seconds(60) { throw ValidationError("--interval is at most 1m.") }
  }

  func run() throws {
    let filter = try tls.makeFilter()
    let events = try EventQueue()
    let complaints = Mutex(ComplaintFilter())
    let endpoint = PrometheusEndpoint(sockets.distinctPaths, interval: interval.duration) { readings in
      for complaint in complaints.withLock({ $0.newComplaints(readings) }) { Output.error(complaint) }
    }
    let listener = Listener("tcp://\(listen)", endpoint.service, filter: filter)
    let running = try start([listener], options: PrometheusEndpoint.options)
    running.whenEnded { events.interrupt() }
    try Output.write("listening on \(filter == nil ? "http" : "https")://\(running.server.addresses[0])/metrics\n")
    while events.next() != .interrupted {}
    running.shutdown()
    try running.wait()
  }
}
