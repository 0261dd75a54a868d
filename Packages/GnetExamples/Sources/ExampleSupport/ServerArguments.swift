public import ArgumentParser
public import Gnet
internal import GnetMetrics

/// The arguments of all examples, and the run of a server with them.
public struct ServerArguments: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "What to listen on: [SCHEME://]HOST:PORT[?reuseport=true] with a scheme of tcp, tcp4, tcp6, udp, udp4 or udp6, or unix://PATH.",
      valueName: "address"))
  var addresses: [String] = []

  @Option(name: .customLong("loops"), help: ArgumentHelp("The number of event loops.", valueName: "n"))
  var loopCount: Int?

  @Flag(help: "Run one event loop per processor.")
  var multicore = false

  @Option(help: "How connections are dealt to the loops: \(LoadBalancing.names).")
  var loadBalancing = LoadBalancing.roundRobin

  @Option(
    help: ArgumentHelp(
      "Serve metrics on a unix socket at this path; gnet-metrics and Prometheus read it.", valueName: "path"))
  var metrics: String?

  /// Required by `ParsableArguments`.
  public init() {}

  /// Refuses arguments that contradict each other.
  public func validate() throws {
    if let loopCount, loopCount < 1 { throw ValidationError("--loops must be at least 1.") }
    if loopCount != nil && multicore { throw ValidationError("--loops and --multicore exclude each other.") }
  }

  /// Prints the addresses and serves `events` until SIGINT or SIGTERM; to be called on the main thread.
  ///
  /// Without `datagrams`, addresses of UDP are refused: an example that keeps state per connection cannot serve them.
  public func serve(
    _ events: Events, defaultAddress: String, options: Options = Options(), datagrams: Bool = false
  ) throws {
    let addresses = addresses.isEmpty ? [defaultAddress] : addresses
    if !datagrams, let refused = addresses.first(where: { $0.hasPrefix("udp") && $0.contains("://") }) {
      throw ServeError.invalidAddress(refused, reason: "connections are served here, not datagrams")
    }
    var events = events
    var options = options
    events.multicore = multicore
    options.loopCount = loopCount ?? options.loopCount
    options.loadBalancing = loadBalancing
    if let metrics { events.install(MetricsExporter(socketPath: metrics, interval: .milliseconds(100))) }
    let signals = TerminationSignals()
    events.install(signals)
    let initialise = events.onInitComplete
    events.onInitComplete = { server in
      announce(addresses, server)
      return initialise?(server) ?? .none
    }
    let running = try start(events, options: options, on: addresses)
    signals.wait()
    running.shutdown()
    try running.wait()
  }
}

extension LoadBalancing: @retroactive ExpressibleByArgument, @retroactive CaseIterable {
  /// All ways of balancing connections.
  public static var allCases: [LoadBalancing] { [.roundRobin, .leastConnections, .sourceAddressHash] }

  /// The words for `--load-balancing`, separated by commas.
  static var names: String { allCases.map(\.name).joined(separator: ", ") }

  /// The word for this way of balancing.
  var name: String {
    switch self {
    case .roundRobin: "round-robin"
    case .leastConnections: "least-connections"
    case .sourceAddressHash: "source-address-hash"
    }
  }

  /// Parses a word.
  public init?(argument: String) {
    guard let found = Self.allCases.first(where: { $0.name == argument }) else { return nil }
    self = found
  }

  /// The word of the default, for the help text.
  public var defaultValueDescription: String { name }
}
