// Relays streams to one of several backends, which are checked, and tries the next one where a backend refuses.
import ArgumentParser
import ExampleSupport
import Gnet

@main
struct Proxy: ServerProgram {
  static let summary = "Relays connections to backends: balancing, health checks, PROXY protocol."

  @Option(
    name: .customLong("to"),
    help: ArgumentHelp("A backend: [tcp://]HOST:PORT or unix://PATH. May be given several times.", valueName: "address")
  )
  var targets: [String]

  @Option(help: ArgumentHelp("How connections are dealt to the backends.", valueName: "how"))
  var balance = Balance.roundRobin

  @Option(in: 0.001...3600, help: "How long connecting to a backend may take", valueName: "seconds")
  var connectTimeout = 5.0

  @Option(in: 0...3_600_000, help: "The time from check to check of each backend (0: no checks)", valueName: "ms")
  var checkInterval = 1000

  @Option(help: ArgumentHelp("The version of the PROXY header that backends are sent.", valueName: "version"))
  var sendProxy: HeaderVersion?

  @OptionGroup var tls: BackendTLS

  func validate() throws {
    for target in targets {
      do {
        try ConnectOptions.check(address: target)
      } catch {
        throw ValidationError("--to: \(error)")
      }
      if target.hasPrefix("udp") && target.contains("://") {
        throw ValidationError("--to \(target): streams are relayed here, not datagrams.")
      }
      try tls.check(target)
    }
  }

  /// The bytes that are passed on at once. Large chunks take fewer system calls.
  private static let chunkSize = 256 << 10

  func run(_ server: ServerArguments) throws {
    var options = ConnectOptions()
    options.timeout = .seconds(connectTimeout)
    let backends = Backends(targets, balance, logger: server.logger)
    let dialing = Dialing(
      backends, options, filter: try tls.makeFilter(), header: sendProxy?.value, hasChecks: checkInterval > 0)
    var settings = Options()
    settings.readBufferCapacity = Self.chunkSize
    let service = Service { _ in Front(dialing: dialing) }
    try server.serve(service, defaultAddress: "tcp://:9000", options: settings) { server in
      if checkInterval > 0 { backends.check(every: .milliseconds(checkInterval), options, on: server.loops[0]) }
    }
  }
}

/// The words for `--send-proxy`.
enum HeaderVersion: String, CaseIterable, ExpressibleByArgument {
  case v1, v2

  var value: ProxyHeader.Version { self == .v1 ? .v1 : .v2 }
}
