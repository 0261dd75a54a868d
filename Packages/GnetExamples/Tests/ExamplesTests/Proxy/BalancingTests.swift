import Gnet
import GnetTesting
import Testing

@testable import proxy

@Suite("proxy, balancing")
struct ProxyBalancingTests {
  /// Runs a test with three backends, all of which listen.
  private func run(
    _ balance: Balance, loops: Int, seeds: Range<UInt64> = 0..<10, _ test: (SimulatedProxy) throws -> Void
  ) throws {
    try SimulatedProxy.run(to: [.ipv4, .ipv4, .ipv4], .init(balance: balance, loops: loops), seeds: seeds) { proxy in
      for backend in proxy.backends { backend.listen() }
      try test(proxy)
    }
  }

  /// Connects a client, and waits until a backend has the connection. Returns the backend's number and both ends.
  private func connect(
    _ proxy: SimulatedProxy, from host: String = "client"
  ) throws -> (number: Int, client: SimulatedPeer, backend: SimulatedPeer) {
    let client = proxy.connect(from: host)
    client.send("x")
    var found: (Int, SimulatedPeer)?
    try proxy.simulation.run(until: {
      for (number, backend) in proxy.backends.enumerated() { found = found ?? backend.next().map { (number, $0) } }
      return found != nil
    })
    let (number, backend) = found!
    try proxy.expect("x", at: backend)
    return (number, client, backend)
  }

  @Test("round-robin gives each backend its turn", arguments: [1, 3])
  func roundRobin(loops: Int) throws {
    try run(.roundRobin, loops: loops) { proxy in
      for round in 0..<12 {
        let (number, client, backend) = try connect(proxy)
        try proxy.require(number == round % 3, "client \(round) has backend \(number)")
        backend.send("\(number)")
        try proxy.expect("\(number)", at: client)
      }
    }
  }

  @Test("least-connections fills up the backend that has fewer", arguments: [1, 3])
  func leastConnections(loops: Int) throws {
    try run(.leastConnections, loops: loops) { proxy in
      let held = try (0..<6).map { _ in try connect(proxy) }
      try proxy.require(held.map(\.number).sorted() == [0, 0, 1, 1, 2, 2], "\(held.map(\.number))")
      for (number, client, backend) in held where number == 1 {
        client.close()
        backend.close()
      }
      try proxy.simulation.run(until: { proxy.server.connectionCount == 8 })
      let numbers = try (0..<2).map { _ in try connect(proxy).number }
      try proxy.require(numbers == [1, 1], "\(numbers)")
    }
  }

  @Test("source-address-hash sends a host to the same backend always", arguments: [1, 3])
  func sourceAddressHash(loops: Int) throws {
    try run(.sourceAddressHash, loops: loops, seeds: 0..<2) { proxy in
      var chosen: [String: Set<Int>] = [:]
      for _ in 0..<3 {
        for host in 0..<16 {
          chosen["client\(host)", default: []].insert(try connect(proxy, from: "client\(host)").number)
        }
      }
      try proxy.require(chosen.values.allSatisfy { $0.count == 1 }, "\(chosen)")
      try proxy.require(Set(chosen.values.joined()) == [0, 1, 2], "\(chosen)")
    }
  }
}
