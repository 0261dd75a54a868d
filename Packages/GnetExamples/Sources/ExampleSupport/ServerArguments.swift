public import ArgumentParser
public import Gnet
internal import GnetMetrics
internal import GnetTLS
internal import Logging

/// The arguments of all examples, and the run of a server with them.
public struct ServerArguments: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "What to listen on: [SCHEME://]HOST:PORT[?reuseport=true] with a scheme of tcp, tcp4, tcp6, udp, udp4 or udp6; unix://PATH; or a socket that the program was started with: fd://NUMBER or systemd://NAME.",
      valueName: "address"))
  var addresses: [String] = []

  @Option(name: .customLong("loops"), help: ArgumentHelp("The number of event loops.", valueName: "n"))
  var loopCount: Int?

  @Flag(help: "Run one event loop per processor.")
  var multicore = false

  @Option(help: ArgumentHelp("How connections are dealt to the loops.", valueName: "how"))
  var loadBalancing = Balancing.roundRobin

  @Option(help: ArgumentHelp("Whether a proxy tells the client's address by the PROXY protocol.", valueName: "whether"))
  var proxyProtocol = ProxyHeaders.off

  @Option(
    help: ArgumentHelp(
      "Serve metrics on a unix socket at this path; gnet-metrics and Prometheus read it.", valueName: "path"))
  var metrics: String?

  @Option(in: 0...3600, help: "How long a shutdown lets connections finish", valueName: "seconds")
  var drainTimeout = 3.0

  @OptionGroup var tls: TLSArguments

  @Option(help: ArgumentHelp("The least serious messages that are written to standard error.", valueName: "level"))
  var logLevel = LogLevel.warning

  /// Required by `ParsableArguments`.
  public init() {}

  /// Refuses arguments that contradict each other.
  public func validate() throws {
    if let loopCount, loopCount < 1 { throw ValidationError("--loops must be at least 1.") }
    if loopCount != nil && multicore { throw ValidationError("--loops and --multicore exclude each other.") }
  }

  /// Serves `service` and prints the addresses, until a signal ends the program; to be called on the main thread.
  ///
  /// - Parameters:
  ///   - service: the service of connections.
  ///   - datagrams: the service of addresses of UDP; without one, these are refused.
  ///   - defaultAddress: the addresses when the arguments have none.
  ///   - options: the options that are not among the arguments.
  ///   - started: called with the server before the addresses are printed.
  public func serve(
    _ service: Service, datagrams: Service? = nil, defaultAddress: String..., options: Options = Options(),
    started: (Server) -> Void = { _ in }
  ) throws {
    Platform.openClosedStreams()
    Platform.ignoreBrokenPipes()
    let addresses = addresses.isEmpty ? defaultAddress : addresses
    let filter = try tls.makeServer()?.filter
    let listeners = try addresses.map { address in
      let listener = Listener(address, service, filter: filter, proxyProtocol: proxyProtocol.value)
      guard listener.isDatagram else { return listener }
      if let datagrams { return Listener(address, datagrams) }
      throw ServeError.invalidAddress(address, reason: "connections are served here, not datagrams")
    }
    // Before the start, which closes the descriptors that the program was given.
    let schemes = listeners.map { $0.isDatagram ? "udp" : "tcp" }
    Platform.raiseDescriptorLimit()
    let signals = ServerSignals()
    // Before the start, too: a thread that the system refuses is noticed before the server is announced.
    let helper = WorkerPool(threadCount: 1, queueCapacity: 4)
    defer { helper.shutdown() }
    let running = try start(listeners, options: completed(options))
    // The server may end by itself. Its error is thrown below.
    running.whenEnded { signals.endWait() }
    let server = running.server
    started(server)
    // On a loop: where a plugin has refused to start, no loop runs, and nothing listens.
    server.loops[0].schedule(after: .zero) {
      announce(schemes, server)
      // Not on a loop, since the predecessor's answer is waited for.
      _ = helper.submit { server.reportReady() }
    }.keep()
    while case .handOver = signals.next() {
      _ = helper.submit { [logger] in Self.handOver(server, logger) }
    }
    if !server.isShuttingDown { ServiceManager.notify(.stopping) }
    running.shutdown()
    try running.wait()
  }

  /// Has a new process of this program take over, which ends the server.
  private static func handOver(_ server: Server, _ logger: Logger) {
    do {
      try server.handOver()
    } catch {
      logger.error("no successor has taken over: \(error)")
    }
  }

  /// The log of the program, on standard error.
  public var logger: Logger {
    var logger = Logger(label: "gnet", factory: { StreamLogHandler.standardError(label: $0) })
    logger.logLevel = Logger.Level(rawValue: logLevel.rawValue) ?? .warning
    return logger
  }

  /// The options of an example, changed by the arguments.
  private func completed(_ options: Options) -> Options {
    var options = options
    options.loopCount = multicore ? nil : loopCount ?? 1
    options.logger = logger
    options.loadBalancing = loadBalancing.value
    options.drainTimeout = .seconds(drainTimeout)
    // Clients whose machines are gone are found, also where nothing is sent to them for long.
    options.tcpKeepAlive = options.tcpKeepAlive ?? .seconds(60)
    if ServiceManager.watchdogInterval != nil { options.plugins.append(ServiceWatchdog()) }
    if let metrics { options.plugins.append(MetricsExporter(socketPath: metrics, interval: .milliseconds(100))) }
    return options
  }
}

/// The words for `--load-balancing`.
enum Balancing: String, CaseIterable, ExpressibleByArgument {
  case roundRobin = "round-robin"
  case leastConnections = "least-connections"
  case sourceAddressHash = "source-address-hash"

  var value: LoadBalancing {
    switch self {
    case .roundRobin: .roundRobin
    case .leastConnections: .leastConnections
    case .sourceAddressHash: .sourceAddressHash
    }
  }
}

/// The words for `--proxy-protocol`.
enum ProxyHeaders: String, CaseIterable, ExpressibleByArgument {
  case off, optional, required

  var value: ProxyProtocol {
    switch self {
    case .off: .off
    case .optional: .optional
    case .required: .required
    }
  }
}

/// The words for `--log-level`.
enum LogLevel: String, CaseIterable, ExpressibleByArgument {
  case trace, debug, info, notice, warning, error, critical
}
