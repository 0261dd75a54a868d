import Gnet
import GnetTesting

extension Ledger {
  /// Options at random, with small buffers more often than a program has them.
  func drawOptions() -> Options {
    var options = Options()
    options.loopCount = number(in: 1...3)
    options.loadBalancing = element(of: [.roundRobin, .leastConnections, .sourceAddressHash])
    options.readBufferCapacity = element(of: [1, 16, 100, 4096, 65_536])
    options.outboundHighWatermark = element(of: [0, 1, 50, 1000, 20_000, 1 << 20])
    options.outboundLowWatermark = element(of: [0, options.outboundHighWatermark / 4, options.outboundHighWatermark])
    options.allowHalfClosure = happens(0.5)
    if happens(0.2) { options.idleTimeout = .milliseconds(number(in: 1...5000)) }
    if happens(0.2) { options.readTimeout = .milliseconds(number(in: 1...5000)) }
    options.drainTimeout = element(of: [.zero, .milliseconds(10), .seconds(3)])
    options.lingerTimeout = element(of: [.zero, .milliseconds(50), .seconds(2)])
    if happens(0.1) { options.maxConnections = number(in: 0...6) }
    if happens(0.1) { options.lingerLimit = .milliseconds(number(in: 0...500)) }
    return options
  }

  /// Starts a server, again and again where faults prevent it.
  func start(_ listeners: [Listener], _ options: Options, on host: SimulatedHost? = nil) -> Server {
    let before = (host ?? simulation.localhost).openDescriptorCount
    while true {
      do throws(ServeError) {
        return try simulation.start(listeners, options: options, on: host)
      } catch {
        let count = (host ?? simulation.localhost).openDescriptorCount
        require(count == before, "\(count - before) descriptors are left after \(error)")
      }
    }
  }

  /// Ends a server, and checks that nothing is left.
  func finish(_ server: Server, _ options: Options, on host: SimulatedHost? = nil) throws {
    let host = host ?? simulation.localhost
    host.resume()
    host.isClockStopped = false
    server.shutdown()
    try run(
      "the end of the server", until: { simulation.hasEnded(server) }, within: options.drainTimeout + .seconds(10))
    require(server.connectionCount == 0, "\(server.connectionCount) connections are counted after the end")
    for loop in server.loops {
      let counters = loop.statistics
      require(
        counters.connectionsActive == 0, "loop \(loop.index): \(counters.connectionsActive) connections are active")
      require(
        counters.connectionsOpened == counters.connectionsClosed,
        "loop \(loop.index): \(counters.connectionsOpened) were opened, \(counters.connectionsClosed) closed")
      require(counters.pendingOutputBytes == 0, "loop \(loop.index): \(counters.pendingOutputBytes) bytes are pending")
    }
  }

  /// Checks that the servers of a host have closed all descriptors.
  func checkDescriptors(of host: SimulatedHost? = nil) {
    let count = (host ?? simulation.localhost).openDescriptorCount
    require(count == 0, "\(count) descriptors are open at the end")
  }
}
