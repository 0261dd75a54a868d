import Gnet
import GnetTesting
import InMemoryLogging
import Logging
import TestSupport

@testable import proxy

/// The example on a simulated network, between clients and backends that the test plays.
struct SimulatedProxy: SimulatedServer {
  /// The settings that the arguments of the program make.
  struct Arguments {
    var balance = Balance.roundRobin
    var connectTimeout = Duration.seconds(5)
    /// The time from check to check; `nil`: no checks.
    var checkInterval: Duration?
    var header: ProxyHeader.Version?
    var loops = 1
    var server = Options()
  }

  let simulation: Simulation
  let server: Server
  let backends: [SimulatedBackend]
  private let messages = InMemoryLogHandler()

  /// The messages of the log so far.
  var log: [String] { messages.entries.map { "\($0.message)" } }

  /// Runs a test once for each of several seeds, with a proxy of its own to backends that do not listen yet.
  ///
  /// - Parameter backends: the backends, of which each but a unix socket has a host of its own.
  static func run(
    to backends: [SimulatedBackend.Family], _ arguments: Arguments, seeds: Range<UInt64> = 0..<10,
    _ test: (SimulatedProxy) throws -> Void
  ) throws {
    try Simulation.run(seeds: seeds) { simulation in
      try test(SimulatedProxy(to: backends, arguments, in: simulation))
    }
  }

  private init(to families: [SimulatedBackend.Family], _ arguments: Arguments, in simulation: Simulation) throws {
    self.simulation = simulation
    backends = families.enumerated().map { SimulatedBackend($1, number: $0, in: simulation) }
    let logger = Logger(label: "proxy") { [messages] _ in messages }
    var connectOptions = ConnectOptions()
    connectOptions.timeout = arguments.connectTimeout
    let all = Backends(backends.map(\.target), arguments.balance, logger: logger)
    let dialing = Dialing(
      all, connectOptions, filter: nil, header: arguments.header,
      hasChecks: arguments.checkInterval != nil)
    var options = arguments.server
    options.loopCount = arguments.loops
    let service = Service { _ in Front(dialing: dialing) }
    server = try simulation.start(
      [Listener("tcp://:9000", service), Listener("unix:///run/proxy", service)], options: options)
    if let interval = arguments.checkInterval { all.check(every: interval, connectOptions, on: server.loops[0]) }
  }
}

// MARK: What tests do

extension SimulatedProxy {
  /// Connects a client.
  func connect(over family: SimulatedBackend.Family = .ipv4, from host: String = "client") -> SimulatedPeer {
    let address =
      switch family {
      case .ipv4: simulation.localhost.address(port: 9000)
      case .ipv6: SocketAddress("[\(simulation.localhost.addressIPv6.host!)]:9000")!
      case .unix: server.addresses[1]
      }
    return simulation.connect(to: address, from: family == .unix ? nil : simulation.host(host))
  }

  /// Waits for the next connection to a backend.
  func accept(_ backend: SimulatedBackend) throws -> SimulatedPeer {
    var peer: SimulatedPeer?
    try simulation.run(until: {
      peer = backend.next()
      return peer != nil
    })
    return peer!
  }

  /// Connects a client, and waits until a backend has the connection.
  func pair(_ backend: SimulatedBackend) throws -> (client: SimulatedPeer, backend: SimulatedPeer) {
    let client = connect()
    return (client, try accept(backend))
  }

  /// Waits until bytes have arrived that must be `text`.
  func expect(_ text: String, at peer: SimulatedPeer) throws {
    try simulation.run(until: { peer.received.count >= text.utf8.count || peer.isEnded })
    let received = String(decoding: peer.receive(), as: UTF8.self)
    try require(received == text, "\(received.debugDescription) instead of \(text.debugDescription)")
  }

  /// Waits for the end of a peer's stream. Returns the bytes before.
  func rest(of peer: SimulatedPeer) throws -> [UInt8] {
    try simulation.run(until: { peer.isEnded })
    return peer.receive()
  }

  /// Waits for the end of a peer's stream, before which nothing must come.
  func expectEnd(of peer: SimulatedPeer) throws {
    let rest = try rest(of: peer)
    try require(rest.isEmpty, "\(rest.count) bytes instead of the end")
  }

  /// Random bytes.
  func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in .random(in: 0...255, using: &simulation.random) } }

  /// The number of descriptors that the proxy has open.
  var descriptorCount: Int { simulation.localhost.openDescriptorCount }
}

/// A backend that the test plays.
final class SimulatedBackend {
  enum Family: CaseIterable { case ipv4, ipv6, unix }

  let host: SimulatedHost
  private let simulation: Simulation
  private let address: SocketAddress
  private var listener: SimulatedListener?
  private var takenCount = 0

  init(_ family: Family, number: Int, in simulation: Simulation) {
    self.simulation = simulation
    host = family == .unix ? simulation.localhost : simulation.host("backend\(number)")
    address =
      switch family {
      case .ipv4: host.address(port: 80)
      case .ipv6: SocketAddress("[\(host.addressIPv6.host!)]:80")!
      case .unix: SocketAddress("unix:/run/backend\(number)")!
      }
  }

  /// The address as an argument of the program.
  var target: String { address.path.map { "unix://\($0)" } ?? "\(address)" }

  /// Listens from now on.
  func listen() { listener = simulation.listen(on: address, host: host) }

  /// Listens no more.
  func close() { listener = nil }

  /// The connections so far.
  var connectionCount: Int { listener?.peers.count ?? 0 }

  /// The next connection; `nil` as long as there is none.
  func next() -> SimulatedPeer? {
    guard let listener, takenCount < listener.peers.count else { return nil }
    takenCount += 1
    return listener.peers[takenCount - 1]
  }
}
