import Foundation
import TestPeers
import TestSupport
import Testing

@Suite("http, with clients that mean no good")
struct HTTPBadClientTests {
  @Test("limits are refused while the client is still sending", arguments: [1, 2])
  func limits(loops: Int) throws {
    let server = try HTTPServer(loops: loops)
    let long = String(repeating: "a", count: 65537)
    for (request, status) in [
      (get("/" + long), 414), (get("/", "A: \(long)\r\n"), 431),
      ("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 16777217\r\n\r\n" + long + long + long, 413),
      (post(chunks: "1000001\r\n" + long + long), 413),
    ] {
      let client = try server.connect()
      client.send(request)
      #expect(client.response()?.status == status)
      #expect(client.isAtEnd())
    }
    let client = try server.connect()
    let fields = "A: \(String(repeating: "a", count: 16000))\r\n"
    client.send(get("/" + String(repeating: "a", count: 7985)) + get("/plaintext", fields))
    #expect(client.response()?.status == 404)
    #expect(client.response()?.status == 200)
    try server.expectService()
  }

  @Test("a request that is cut off anywhere is 400 at the end of the stream")
  func truncation() throws {
    let server = try HTTPServer(loops: 2)
    let request = Array(post(chunks: "2;a=b\r\nab\r\n0\r\nA: b\r\n\r\n", "Expect: 100-continue\r\n").utf8)
    for length in 1..<request.count {
      let client = try server.connect()
      client.send(request[..<length])
      client.finish()
      let answers = try #require(client.toEnd())
      #expect(answers.contains("HTTP/1.1 400 Bad Request\r\n"), "after \(length) bytes")
    }
    try server.expectService()
  }

  @Test("random bytes are refused, and end nothing but their connection")
  func noise() throws {
    let server = try HTTPServer(loops: 2)
    var random = SeededGenerator(seed: 1)
    for _ in 0..<100 {
      let client = try server.connect()
      client.send((0..<1000).map { _ in UInt8.random(in: 0...255, using: &random) })
      client.finish()
      #expect(try #require(client.toEnd()).hasPrefix("HTTP/1.1 4"))
    }
    try server.expectService()
  }

  @Test("a byte at a time does as well")
  func drip() throws {
    let server = try HTTPServer()
    let client = try server.connect()
    let request = post(chunks: "2;a=b\r\nab\r\n0\r\nA: b\r\n\r\n") + get("/plaintext")
    for byte in request.utf8 { client.send([byte]) }
    #expect(client.response()?.body == "ab")
    #expect(client.response()?.body == "Hello, World!")
  }

  @Test("a request that takes too long is 408, dripping or not, on each loop", arguments: [1, 2])
  func timeout(loops: Int) throws {
    let server = try HTTPServer(loops: loops, ["--request-timeout", "0.4"])
    let start = ContinuousClock.now
    // All but the last stop somewhere, the last goes on and on.
    let stopped = try ["G", "GET / HTTP/1.1\r\nHost: x\r\n", post(chunks: "5\r\nab"), get("/plaintext") + "GET"].map {
      let client = try server.connect()
      client.send($0)
      return client
    }
    let dripping = try (0..<2).map { _ in
      let client = try server.connect()
      client.send("GET / HTTP/1.1\r\n")
      return client
    }
    while !dripping.allSatisfy({ $0.isReadable(within: .milliseconds(20)) }) {
      for client in dripping where !client.isReadable(within: .zero) { client.send("A: b\r\n") }
      if ContinuousClock.now - start > .seconds(30) { break }
    }
    #expect(ContinuousClock.now - start >= .milliseconds(400))
    #expect(stopped[3].response()?.status == 200)
    for client in stopped + dripping {
      #expect(client.response()?.status == 408)
      #expect(client.isAtEnd())
    }
    try server.expectService()
  }

  @Test("the time is that of a request: a connection may be older, and a delay may be longer")
  func patience() throws {
    // Long enough for a client that the system keeps waiting between two sends.
    let server = try HTTPServer(loops: 2, ["--request-timeout", "2"])
    let client = try server.connect()
    let start = ContinuousClock.now
    while ContinuousClock.now - start < .seconds(3) {
      client.send("GET /plaintext HTTP/1.1\r\n")
      client.send("Host: x\r\n\r\n" + get("/delay/100"))
      try #require(client.response()?.status == 200)
      try #require(client.response()?.status == 200)
    }
    client.send(get("/delay/2500"))
    #expect(client.response()?.status == 200)
    client.send(get("/plaintext"))
    #expect(client.response()?.status == 200)
  }

  @Test("requests that arrive while the process is stopped are answered, though that takes longer than they may")
  func stoppedProcess() throws {
    let server = try HTTPServer(["--request-timeout", "3"])
    let request = get("/plaintext").utf8
    let clients = try (0..<1000).map { _ in try server.connect() }
    for client in clients { client.send(request.prefix(1)) }
    try server.expectService()
    server.program.signal(SIGSTOP)
    let start = ContinuousClock.now
    for client in clients { client.send(request.dropFirst(1)) }
    while ContinuousClock.now - start < .milliseconds(3200) { usleep(10_000) }
    server.program.signal(SIGCONT)
    #expect(clients.count { $0.response()?.status == 200 } == 1000)
    server.stop()
  }

  @Test("clients that leave while they are waited for are forgotten")
  func leaving() throws {
    let server = try HTTPServer(loops: 2)
    for request in ["GET", get("/delay/60000"), get("/delay/10"), post(chunks: "5\r\na")] {
      for _ in 0..<50 { try server.connect().send(request) }
    }
    try server.expectService()
    server.stop()
  }

  @Test("what a client sends behind a delayed request is bounded, and what it sends before it goes")
  func flood() throws {
    let server = try HTTPServer(loops: 2)
    let limit = 64 << 20
    let before = try server.residentBytes()
    let client = try server.connect()
    client.send(get("/delay/60000"))
    // The kernel's buffers hold some of it.
    let sent = client.flood(Array(String(repeating: get("/plaintext"), count: 1000).utf8), limit: limit)
    #expect(sent < limit)
    #expect(try server.residentBytes() - before < 8 << 20)
    try server.expectService()
    server.stop()
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

  @Test("a client that does not read its answers is not read from")
  func slowReader() throws {
    let server = try HTTPServer(loops: 2)
    let before = try server.residentBytes()
    let client = try server.connect()
    let limit = 64 << 20
    #expect(client.flood(Array(String(repeating: get("/"), count: 1000).utf8), limit: limit) < limit)
    #expect(try server.residentBytes() - before < 16 << 20)
    try server.expectService()
  }
}
