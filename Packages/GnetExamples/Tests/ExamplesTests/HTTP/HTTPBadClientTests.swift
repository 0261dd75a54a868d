import GnetHTTP
import GnetTesting
import TestPeers
import TestSupport
import Testing

/// The example on a simulated network.
@Suite("http, with clients that mean no good")
struct HTTPBadClientTests {
  @Test("limits are refused while the client is still sending", arguments: [1, 2])
  func limits(loops: Int) throws {
    let long = String(repeating: "a", count: 65537)
    try SimulatedExample.runHTTP(loops: loops, seeds: 0..<3) { http in
      for (request, status) in [
        (get("/" + long), 414), (get("/", "A: \(long)\r\n"), 431),
        ("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 16777217\r\n\r\n" + long + long + long, 413),
        (post(chunks: "1000001\r\n" + long + long), 413),
      ] {
        let client = http.connectHTTP()
        let answer = try client.answer(to: request)
        try http.require(answer.status == status, "\(answer) instead of \(status)")
        try client.expectEnd()
      }
      let client = http.connectHTTP()
      let fields = "A: \(String(repeating: "a", count: 16000))\r\n"
      client.send(get("/" + String(repeating: "a", count: 7985)) + get("/plaintext", fields))
      for status in [404, 200] { try http.require(try client.response().status == status, "not \(status)") }
      try http.expectService()
    }
  }

  @Test("a request that is cut off anywhere is 400 at the end of the stream")
  func truncation() throws {
    let request = Array(post(chunks: "2;a=b\r\nab\r\n0\r\nA: b\r\n\r\n", "Expect: 100-continue\r\n").utf8)
    try SimulatedExample.runHTTP(loops: 2, seeds: 0..<3) { http in
      for length in 1..<request.count {
        let client = http.connectHTTP()
        client.send(request[..<length])
        client.finish()
        let answers = try client.toEnd()
        try http.require(answers.contains("HTTP/1.1 400 Bad Request\r\n"), "after \(length) bytes: \(answers)")
      }
      try http.expectService()
    }
  }

  @Test("random bytes are refused, and end nothing but their connection")
  func noise() throws {
    try SimulatedExample.runHTTP(loops: 2, seeds: 0..<3) { http in
      for _ in 0..<100 {
        let client = http.connectHTTP()
        client.send((0..<1000).map { _ in UInt8.random(in: 0...255, using: &http.simulation.random) })
        client.finish()
        let answers = try client.toEnd()
        try http.require(answers.hasPrefix("HTTP/1.1 4"), answers)
      }
      try http.expectService()
    }
  }

  @Test("a byte at a time does as well")
  func drip() throws {
    try SimulatedExample.runHTTP { http in
      let client = http.connectHTTP()
      let request = post(chunks: "2;a=b\r\nab\r\n0\r\nA: b\r\n\r\n") + get("/plaintext")
      for byte in request.utf8 {
        client.send([byte])
        http.simulation.run(for: .milliseconds(1))
      }
      for body in ["ab", "Hello, World!"] { try http.require(try client.response().body == body, "not \(body)") }
    }
  }

  @Test("a request that takes too long is 408, dripping or not, on each loop", arguments: [1, 2])
  func timeout(loops: Int) throws {
    try SimulatedExample.runHTTP(loops: loops) { http in
      // All but the last stop somewhere, the last goes on and on.
      let stopped = ["G", "GET / HTTP/1.1\r\nHost: x\r\n", post(chunks: "5\r\nab"), get("/plaintext") + "GET"].map {
        let client = http.connectHTTP()
        client.send($0)
        return client
      }
      let dripping = (0..<2).map { _ in
        let client = http.connectHTTP()
        client.send("GET / HTTP/1.1\r\n")
        return client
      }
      try http.require(try stopped[3].response().status == 200, "a whole request is not answered")
      for _ in 0..<99 {
        http.simulation.run(for: .milliseconds(100))
        for client in dripping { client.send("A: b\r\n") }
      }
      try http.require(!(stopped + dripping).contains(where: \.isReadable), "408 comes before ten seconds are over")
      http.simulation.run(for: .milliseconds(200))
      for client in stopped + dripping {
        try http.require(client.isReadable, "408 does not come when ten seconds are over")
        try http.require(try client.response().status == 408, "the answer is another")
        try client.expectEnd()
      }
      try http.expectService()
    }
  }

  @Test("the time is that of a request: a connection may be older, and a delay may be longer")
  func patience() throws {
    try SimulatedExample.runHTTP(loops: 2) { http in
      let client = http.connectHTTP()
      for _ in 0..<20 {
        client.send("GET /plaintext HTTP/1.1\r\n")
        http.simulation.run(for: .milliseconds(900))
        client.send("Host: x\r\n\r\n" + get("/delay/100"))
        for _ in 0..<2 { try http.require(try client.response().status == 200, "the answer is another") }
      }
      for path in ["/delay/12000", "/plaintext"] {
        try http.require(try client.answer(to: get(path)).status == 200, "the answer to \(path) is another")
      }
    }
  }

  @Test("requests that arrive while the process is stopped are answered, though that takes longer than they may")
  func stoppedProcess() throws {
    try SimulatedExample.runHTTP(seeds: 0..<5) { http in
      let request = get("/plaintext").utf8
      let clients = (0..<50).map { _ in http.connectHTTP() }
      for client in clients { client.send(request.prefix(1)) }
      try http.expectService()
      http.simulation.localhost.stop()
      for client in clients { client.send(request.dropFirst(1)) }
      http.simulation.run(for: .seconds(11))
      http.simulation.localhost.resume()
      for client in clients { try http.require(try client.response().status == 200, "the answer is another") }
    }
  }

  @Test("clients that leave while they are waited for are forgotten")
  func leaving() throws {
    try SimulatedExample.runHTTP(loops: 2) { http in
      for request in ["GET", get("/delay/60000"), get("/delay/10"), post(chunks: "5\r\na")] {
        for _ in 0..<10 {
          let client = http.connectHTTP()
          client.send(request)
          http.simulation.schedule(after: .milliseconds(Int.random(in: 0...20, using: &http.simulation.random))) {
            client.close()
          }
        }
      }
      http.simulation.run(for: .seconds(1))
      try http.require(http.server.connectionCount <= 10, "\(http.server.connectionCount) connections are left")
      // Clients that have only ended their stream may still read: they get their answers.
      try http.simulation.run(until: { http.server.connectionCount == 0 }, within: .seconds(70))
      try http.expectService()
    }
  }

  @Test(
    "what a client sends without reading, or behind a delayed request, is bounded",
    arguments: [get("/"), get("/delay/60000")])
  func flood(first: String) throws {
    try SimulatedExample.runHTTP(loops: 2, seeds: 0..<2) { http in
      let client = http.connectHTTP()
      client.isReadingPaused = true
      client.send(first + String(repeating: get("/"), count: 50_000))
      http.simulation.run(for: .seconds(1))
      let (read, waiting) = (http.total(\.bytesRead), http.total(\.pendingOutputBytes))
      try http.require(read < 400_000, "\(read) bytes were read")
      try http.require(waiting < 1 << 21, "\(waiting) bytes wait to be sent")
      try http.expectService()
    }
  }

  @Test("lengths that are only declared cost no memory")
  func declaredLengths() throws {
    let server = try HTTPServer(loops: 2)
    let before = try server.residentBytes()
    let heads = ["Content-Length: 2097152\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n200000\r\n"]
    let clients = try (0..<100).map { number in
      let client = try server.connect()
      client.send("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\(heads[number % 2])")
      return client
    }
    for (number, client) in clients.enumerated() where number % 2 == 0 { #expect(client.response()?.status == 100) }
    #expect(try server.residentBytes() - before < 8 << 20)
  }
}
