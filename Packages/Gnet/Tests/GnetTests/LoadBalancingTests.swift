import SystemPackage
import TestPeers
import TestSupport
import Testing

@testable import Gnet

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

@Suite("load balancing") struct LoadBalancingTests {
  /// Answers everything with the number of the loop.
  private static var loopNumber: Events {
    var events = Events()
    events.onOpened = { connection in
      connection.write("\(connection.loop.index)\n")
      return .none
    }
    return events
  }

  private static func options(_ policy: LoadBalancing, loopCount: Int) -> Options {
    var options = Options()
    options.loadBalancing = policy
    options.loopCount = loopCount
    return options
  }

  @Test(
    "round-robin is the default and deals to each loop in turn, over all addresses",
    arguments: StreamTransport.allCases, [2, 3, 4])
  func roundRobin(transport: StreamTransport, loopCount: Int) throws {
    #expect(Options().loadBalancing == .roundRobin)
    let options = Self.options(.roundRobin, loopCount: loopCount)
    try withServer(Self.loopNumber, options: options, on: [transport.address(), "tcp://127.0.0.1:0"]) { server in
      for turn in 0..<(loopCount * 5) {
        let client = try Client(server.address(turn % 5 == 4 ? 1 : 0))
        #expect(try client.receiveLine() == "\(turn % loopCount)")
      }
      try require("each loop counts its own") { server.server.loops.allSatisfy { $0.statistics.accepts == 5 } }
    }
  }

  @Test("least connections fills up the loop with the fewest", arguments: StreamTransport.allCases)
  func leastConnections(transport: StreamTransport) throws {
    let options = Self.options(.leastConnections, loopCount: 3)
    try withServer(Self.loopNumber, options: options, on: [transport.address()]) { server in
      var clients: [[Client]] = [[], [], []]
      func connect() throws -> Int {
        let client = try Client(server.address())
        let loop = try #require(Int(try client.receiveLine()))
        clients[loop].append(client)
        return loop
      }
      for _ in 0..<12 { _ = try connect() }
      #expect(clients.map(\.count) == [4, 4, 4])
      // The connections that come next all go where some have gone.
      for loop in [1, 2, 0] {
        for client in clients[loop].prefix(3) { client.close() }
        clients[loop].removeFirst(3)
        try require("they are gone") { server.server.connectionCount == 9 }
        for _ in 0..<3 { #expect(try connect() == loop) }
      }
      // A gap at two loops is filled at both.
      for loop in [0, 2] {
        for client in clients[loop] { client.close() }
        clients[loop] = []
      }
      try require("they are gone") { server.server.connectionCount == 4 }
      for _ in 0..<8 { _ = try connect() }
      #expect(clients.map(\.count) == [4, 4, 4])
    }
  }

  @Test("the hash of the source keeps a host on one loop, whatever its port, and spreads hosts")
  func sourceHash() throws {
    let options = Self.options(.sourceAddressHash, loopCount: 3)
    try withServer(Self.loopNumber, options: options, on: ["tcp://:0"]) { server in
      let port = UInt16(server.address().port!)
      var counts = [0, 0, 0]
      for host: UInt32 in 1...60 {
        // All of 127.0.0.0/8 is this host.
        let source = SocketAddress(.ipv4(address: 0x7f00_0100 + host, port: 0))
        var loops: Set<String> = []
        for _ in 0..<3 {
          let client = try Client(SocketAddress(.ipv4(address: 0x7f00_0001, port: port)), from: source)
          loops.insert(try client.receiveLine())
        }
        #expect(loops.count == 1)
        counts[Int(loops.first ?? "") ?? 0] += 1
        #expect(loops == ["\(source.hostHash % 3)"])
      }
      #expect(counts.allSatisfy { $0 >= 8 }, "\(counts)")
    }
  }

  @Test("the hash of a unix peer is its name, or its process where it has none")
  func unixSourceHash() throws {
    let options = Self.options(.sourceAddressHash, loopCount: 4)
    try withServer(Self.loopNumber, options: options, on: ["unix://\(Files.temporaryPath())"]) { server in
      let ofProcess = SocketAddress(.unix(path: "\(getpid())")).hostHash % 4
      for _ in 0..<8 {
        let client = try Client(server.address())
        #expect(try client.receiveLine() == "\(ofProcess)")
      }
      var loops: Set<String> = []
      for _ in 0..<24 {
        let name = SocketAddress(.unix(path: Files.temporaryPath()))
        defer { Files.remove(name.path!) }
        let client = try Client(server.address(), from: name)
        let loop = try client.receiveLine()
        #expect(loop == "\(name.hostHash % 4)")
        loops.insert(loop)
      }
      #expect(loops.count > 1)
    }
  }

  @Test(
    "one loop gets everything, whatever the policy",
    arguments: [LoadBalancing.roundRobin, .leastConnections, .sourceAddressHash])
  func oneLoop(policy: LoadBalancing) throws {
    let options = Self.options(policy, loopCount: 1)
    try withServer(Self.loopNumber, options: options) { server in
      for _ in 0..<5 {
        let client = try Client(server.address())
        #expect(try client.receiveLine() == "0")
      }
    }
  }
}
