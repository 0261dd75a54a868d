import Gnet
import GnetTesting
import Testing

@Suite("proxy, backends that fail")
struct ProxyFailoverTests {
  @Test(
    "a backend that refuses is left out, and the next one gets all that the client has sent",
    arguments: [1, 2], [nil, Duration.seconds(3600)])
  func refused(loops: Int, checkInterval: Duration?) throws {
    try SimulatedProxy.run(
      to: [.ipv4, .unix, .ipv6, .ipv4], .init(checkInterval: checkInterval, loops: loops)
    ) { proxy in
      let up = proxy.backends[3]
      up.listen()
      if checkInterval != nil { try proxy.expectEnd(of: try proxy.accept(up)) }
      for count in [0, 1, 1000, 5000] {
        let early = proxy.bytes(count)
        let client = proxy.connect()
        client.send(early)
        client.endOutput()
        let backend = try proxy.accept(up)
        try proxy.require(try proxy.rest(of: backend) == early, "other bytes than the client has sent")
        backend.send("answer")
        backend.endOutput()
        try proxy.require(try proxy.rest(of: client) == Array("answer".utf8), "another answer")
      }
      let lines = proxy.log.filter { $0.contains("is out of the rotation") }
      try proxy.require(lines.count == (checkInterval == nil ? 0 : 3), "\(proxy.log)")
    }
  }

  @Test("a backend that takes no connections is given up after the time-out", arguments: [1, 2])
  func timedOut(loops: Int) throws {
    for count in [1, 2] {
      let arguments = SimulatedProxy.Arguments(connectTimeout: .milliseconds(300), loops: loops)
      try SimulatedProxy.run(to: Array(repeating: .ipv4, count: count), arguments) { proxy in
        proxy.simulation.partition(proxy.simulation.localhost, proxy.backends[0].host)
        proxy.backends.last!.listen()
        let client = proxy.connect()
        if count == 1 {
          try proxy.expectEnd(of: client)
        } else {
          client.send("early")
          try proxy.expect("early", at: try proxy.accept(proxy.backends[1]))
          try proxy.require(proxy.log.isEmpty, "\(proxy.log)")
        }
        let time = proxy.simulation.now
        try proxy.require(.milliseconds(300)...(.milliseconds(400)) ~= time, "it has taken \(time)")
      }
    }
  }

  @Test("with no backend left, a client is closed at once", arguments: [nil, Duration.seconds(1)])
  func noneLeft(checkInterval: Duration?) throws {
    try SimulatedProxy.run(to: [.ipv4, .ipv6, .unix], .init(checkInterval: checkInterval)) { proxy in
      for _ in 0..<5 {
        let start = proxy.simulation.now
        let (silent, talking) = (proxy.connect(), proxy.connect())
        // Bytes that nobody takes end in a reset.
        talking.send("x")
        for client in [silent, talking] { try proxy.expectEnd(of: client) }
        let time = proxy.simulation.now - start
        try proxy.require(!silent.wasReset && time < .milliseconds(50), "it has taken \(time)")
      }
    }
  }

  @Test("a backend that was down comes back by a check, which says nothing", arguments: [1, 2])
  func comesBack(loops: Int) throws {
    let arguments = SimulatedProxy.Arguments(checkInterval: .milliseconds(20), header: .v1, loops: loops)
    try SimulatedProxy.run(to: [.ipv4], arguments) { proxy in
      let backend = proxy.backends[0]
      try proxy.expectEnd(of: proxy.connect())
      backend.listen()
      try proxy.expectEnd(of: try proxy.accept(backend))
      try proxy.simulation.run(until: { proxy.log.last?.contains("is back") == true })
      let client = proxy.connect()
      client.send("x")
      client.endOutput()
      // The client is between checks.
      var received: [UInt8] = []
      while received.isEmpty { received = try proxy.rest(of: try proxy.accept(backend)) }
      try proxy.require(received.starts(with: "PROXY TCP4 ".utf8), String(decoding: received, as: UTF8.self))
      backend.close()
      try proxy.simulation.run(until: { proxy.log.count { $0.contains("is out of the rotation") } == 2 })
    }
  }

  @Test("without checks a backend is tried again for every client, and hears of nothing else")
  func noChecks() throws {
    try SimulatedProxy.run(to: [.ipv4], .init()) { proxy in
      for _ in 0..<3 { try proxy.expectEnd(of: proxy.connect()) }
      proxy.backends[0].listen()
      let (client, backend) = try proxy.pair(proxy.backends[0])
      backend.send("here")
      try proxy.expect("here", at: client)
      proxy.simulation.run(for: .seconds(10))
      try proxy.require(proxy.backends[0].connectionCount == 1, "something else has connected")
      try proxy.require(proxy.log.isEmpty, "\(proxy.log)")
    }
  }

  @Test("a client that only ends its stream gets the backend's answer to that", arguments: [1, 2])
  func endBefore(loops: Int) throws {
    try SimulatedProxy.run(to: [.ipv4, .ipv4], .init(loops: loops)) { proxy in
      proxy.backends[1].listen()
      for _ in 0..<10 {
        let client = proxy.connect()
        client.endOutput()
        let backend = try proxy.accept(proxy.backends[1])
        try proxy.expectEnd(of: backend)
        backend.send("good-bye")
        backend.endOutput()
        try proxy.require(try proxy.rest(of: client) == Array("good-bye".utf8), "another answer")
      }
    }
  }

  @Test("a client that resets while its backend is being connected to takes the connection back", arguments: [1, 2])
  func resetBefore(loops: Int) throws {
    try SimulatedProxy.run(to: [.ipv4], .init(connectTimeout: .seconds(3600), loops: loops)) { proxy in
      proxy.simulation.partition(proxy.simulation.localhost, proxy.backends[0].host)
      let idle = proxy.descriptorCount
      let clients = (0..<10).map { _ in proxy.connect() }
      try proxy.simulation.run(until: { proxy.descriptorCount == idle + 20 })
      for client in clients { client.reset() }
      try proxy.simulation.run(until: { proxy.descriptorCount == idle }, within: .seconds(1))
      try proxy.require(proxy.log.isEmpty, "\(proxy.log)")
    }
  }

  @Test("a shutdown ends clients whose backend is not there, and blames no backend", arguments: [1, 2])
  func shutdown(loops: Int) throws {
    var arguments = SimulatedProxy.Arguments(
      connectTimeout: .seconds(3600), checkInterval: .milliseconds(50), loops: loops)
    arguments.server.drainTimeout = .seconds(3600)
    try SimulatedProxy.run(to: [.ipv4, .ipv4], arguments) { proxy in
      for backend in proxy.backends { proxy.simulation.partition(proxy.simulation.localhost, backend.host) }
      let idle = proxy.descriptorCount
      let clients = (0..<4).map { _ in proxy.connect() }
      // The clients, their attempts and two checks.
      try proxy.simulation.run(until: { proxy.descriptorCount == idle + 4 + 4 + 2 })
      proxy.server.shutdown()
      for client in clients { try proxy.expectEnd(of: client) }
      for client in clients { client.close() }
      try proxy.simulation.run(until: { proxy.simulation.hasEnded(proxy.server) }, within: .seconds(10))
      try proxy.require(proxy.log.isEmpty, "\(proxy.log)")
    }
  }
}
