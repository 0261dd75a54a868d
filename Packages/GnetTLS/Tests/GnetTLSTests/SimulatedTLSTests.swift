import Gnet
import GnetTLS
import GnetTesting
import TestSupport
import Testing

/// Clients and servers over a simulated network with faults. OpenSSL draws its own random numbers: two runs of a seed have the
/// same faults, and handshakes of other bytes.
@Suite("TLS over a network with faults")
struct SimulatedTLSTests {
  @Test("what arrives is what was sent, a stream that ends in order is whole, and every connection ends once")
  func faults() throws {
    let server = try TLSServer.test { $0.handshakeTimeout = .seconds(5) }
    let clients = try [TLSVersion.v12, .v13].map { version in
      try TLSClient.test { client in
        client.maximumVersion = version
        client.serverName = "localhost"
      }
    }
    var wholeCount = 0
    try Simulation.run(seeds: 0..<200) { simulation in
      let run = Run(simulation, server, clients[Int(simulation.seed % 2)])
      try run.run()
      wholeCount += run.exchanges.count(where: \.isWhole)
    }
    // The faults leave enough that works.
    #expect(wholeCount > 100)
  }

  /// A connection as both of its ends see it.
  // Unchecked: a simulation stays on one thread.
  private final class Exchange: @unchecked Sendable {
    var handle: ConnectionHandle?
    var (sentCount, receivedCount) = (0, 0)
    var outcomeCount = 0
    var endCount = 0
    var endsInOrder = false
    var isShutDown = false
    var mayEnd = false

    var isWhole: Bool { endsInOrder && receivedCount == sentCount }
  }

  /// The run of a seed.
  // Unchecked: a simulation stays on one thread.
  private final class Run: @unchecked Sendable {
    let simulation: Simulation
    private let tls: (server: TLSServer, client: TLSClient)
    private(set) var exchanges: [Exchange] = []
    private var isRight = true
    private var openCount = 0

    init(_ simulation: Simulation, _ server: TLSServer, _ client: TLSClient) {
      self.simulation = simulation
      tls = (server, client)
    }

    func run() throws {
      simulation.drawFaults()
      // More would take too many steps.
      simulation.network.bufferCapacity = max(64, simulation.network.bufferCapacity)
      let host = simulation.host("server.example")
      let back = try start([Listener("tcp://:443", echo, filter: tls.server.filter)], on: host)
      let front = try start([], on: nil)
      for _ in 0..<number(1...4) {
        simulation.schedule(after: moment) { [self] in connect(front) }
      }
      plan(host)
      simulation.run(for: .seconds(2))
      simulation.endFaults()
      for exchange in exchanges { end(exchange) }
      try simulation.run(
        until: {
          back.connectionCount == 0 && front.connectionCount == 0 && exchanges.allSatisfy { $0.outcomeCount > 0 }
        },
        within: .seconds(120))
      for server in [back, front] { server.shutdown() }
      try simulation.run(until: { simulation.hasEnded(back) && simulation.hasEnded(front) }, within: .seconds(60))
      try check(host, back)
    }

    /// Loss of the peer, and processes that are stopped.
    private func plan(_ host: SimulatedHost) {
      let local = simulation.localhost
      if number(0...9) == 0 { simulation.schedule(after: moment) { [simulation] in simulation.partition(local, host) } }
      for each in [host, local] where number(0...9) == 0 {
        simulation.schedule(after: moment) { each.stop() }
        simulation.schedule(after: moment) { each.resume() }
      }
    }

    private func check(_ host: SimulatedHost, _ back: Server) throws {
      func require(_ holds: Bool, _ text: String) throws {
        if !holds { throw SimulationFailure(seed: simulation.seed, text) }
      }
      try require(isRight, "other bytes have arrived than were sent")
      for exchange in exchanges {
        try require(exchange.outcomeCount == 1, "an attempt to connect has \(exchange.outcomeCount) outcomes")
        try require(exchange.receivedCount <= exchange.sentCount, "more has come back than was sent")
        try require(
          !exchange.endsInOrder || exchange.isWhole || back.failure != nil,
          "a stream ended in order: \(exchange.receivedCount) of \(exchange.sentCount) bytes have come back")
      }
      try require(exchanges.reduce(0) { $0 + $1.endCount } == openCount, "not every connection has ended once")
      let descriptorCount = host.openDescriptorCount + simulation.localhost.openDescriptorCount
      try require(descriptorCount == 0, "\(descriptorCount) descriptors are open at the end")
    }

    private func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &simulation.random) }
    private var moment: Duration { .milliseconds(number(0...1500)) }

    /// Starts a server, again and again where faults prevent it.
    private func start(_ listeners: [Listener], on host: SimulatedHost?) throws -> Server {
      var options = Options()
      options.allowHalfClosure = true
      options.readTimeout = .seconds(30)
      options.outboundHighWatermark = [64, 5000, 1 << 20][number(0...2)]
      while true {
        if let server = try? simulation.start(listeners, options: options, on: host) { return server }
      }
    }

    private var echo: Service {
      var events = Events()
      events.react = { connection, input in
        while !input.isEmpty, !connection.isOutputFull { connection.write(input.read(500)) }
        return connection.isInputEnded && input.isEmpty ? .close : .none
      }
      return Service(events)
    }

    // MARK: The client's side

    private func connect(_ front: Server) {
      let exchange = Exchange()
      exchanges.append(exchange)
      let handle = front.loops[0].connect(
        to: "server.example:443", options: ConnectOptions(tls.client),
        Service { [self] _ in Client(run: self, exchange: exchange) }
      ) { _ in exchange.outcomeCount += 1 }
      exchange.handle = handle
      for _ in 0..<number(0...5) {
        let count = [1, 100, 20_000][number(0...2)]
        simulation.schedule(after: moment) { [self] in
          send(min(count, simulation.network.bufferCapacity * 20), exchange)
        }
      }
    }

    /// The client's end of a connection: reads whether it may write or not.
    private struct Client: ConnectionHandler {
      let run: Run
      let exchange: Exchange

      static var isFullDuplex: Bool { true }

      mutating func opened(_ connection: inout Connection) -> Action {
        exchange.outcomeCount += 1
        run.openCount += 1
        return .none
      }

      mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
        for byte in input.readAll() {
          run.isRight = run.isRight && byte == UInt8(truncatingIfNeeded: exchange.receivedCount)
          exchange.receivedCount += 1
        }
        return connection.isInputEnded ? .close : .none
      }

      /// A server ends by itself when it cannot wait for its sockets any more.
      mutating func shuttingDown(_ connection: inout Connection) -> Action {
        exchange.isShutDown = true
        return .close
      }

      consuming func closed(_ connection: inout Connection, _ error: (any Error)?) {
        run.isRight = run.isRight && exchange.endCount == 0
        exchange.endCount += 1
        exchange.endsInOrder = error == nil && !exchange.isShutDown
      }
    }

    private func send(_ count: Int, _ exchange: Exchange) {
      if exchange.mayEnd { return }
      let bytes = (exchange.sentCount..<exchange.sentCount + count).map { UInt8(truncatingIfNeeded: $0) }
      if exchange.handle?.offer(bytes) == .taken { exchange.sentCount += count }
    }

    /// Ends the own stream of a connection, behind all that was sent.
    private func end(_ exchange: Exchange) {
      exchange.mayEnd = true
      exchange.handle?.perform { connection in
        connection.endOutput()
        return .none
      }
    }
  }
}
