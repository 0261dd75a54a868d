import Gnet
import GnetHTTP
import GnetTesting
import TestPeers
import Testing

/// The example on a simulated network.
@Suite("http, at a shutdown")
struct HTTPShutdownTests {
  /// Runs a test whose connections have an hour to finish.
  private func run(loops: Int, _ test: (SimulatedExample) throws -> Void) throws {
    var options = Options.http
    options.drainTimeout = .seconds(3600)
    try SimulatedExample.runHTTP(server: options, loops: loops, test)
  }

  private func expectEnd(of http: SimulatedExample) throws {
    try http.simulation.run(until: { http.simulation.hasEnded(http.server) }, within: .seconds(10))
  }

  /// Expects the last answer of a connection, and its end.
  private func expectLast(_ status: Int, of client: SimulatedHTTPClient, _ http: SimulatedExample) throws {
    let response = try client.response()
    try http.require(response.status == status && response.fields["connection"] == "close", "\(response)")
    try client.expectEnd()
    client.close()
  }

  @Test("the rest of a request is waited for, and nobody new is served meanwhile", arguments: [1, 2])
  func halfRequest(loops: Int) throws {
    let requests = ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", post(chunks: "3\r\nabc\r\n0\r\n\r\n")]
    try run(loops: loops) { http in
      let clients = (0..<4).map { _ in http.connectHTTP() }
      for (number, client) in clients.enumerated() { client.send(requests[number % 2].utf8.dropLast(number + 1)) }
      http.simulation.run(for: .milliseconds(50))
      http.server.shutdown()
      http.simulation.run(for: .seconds(1))
      let late = http.connect()
      try http.simulation.run(until: { late.wasRefused })
      for (number, client) in clients.enumerated() {
        client.send(requests[number % 2].utf8.suffix(number + 1))
        try expectLast(200, of: client, http)
      }
      try expectEnd(of: http)
    }
  }

  @Test("all requests that are there are answered, and the last answer says so", arguments: [1, 2])
  func pipeline(loops: Int) throws {
    try run(loops: loops) { http in
      let client = http.connectHTTP()
      client.send(get("/delay/300") + get("/plaintext") + get("/json"))
      http.simulation.run(for: .milliseconds(50))
      http.server.shutdown()
      for _ in 0..<2 {
        let response = try client.response()
        try http.require(response.status == 200 && response.fields["connection"] == nil, "\(response)")
      }
      try expectLast(200, of: client, http)
      try expectEnd(of: http)
    }
  }

  @Test("connections that were served and are idle are closed, and a new one may ask once", arguments: [1, 2])
  func idle(loops: Int) throws {
    try run(loops: loops) { http in
      let (served, tidy, new) = (http.connectHTTP(), http.connectHTTP(), http.connectHTTP())
      try http.require(try served.answer(to: get("/")).status == 200, "the first answer is another")
      // An empty line behind a request, as some clients send it, is no part of another.
      tidy.send(get("/delay/200") + "\r\n")
      http.simulation.run(for: .milliseconds(50))
      let start = http.simulation.now
      http.server.shutdown()
      try http.require(try tidy.response().status == 200, "the answer is another")
      for client in [tidy, served] {
        try client.expectEnd()
        client.close()
      }
      // A request may have been on its way: behind the start of the shutdown, or behind the answer after 150 ms.
      let time = http.simulation.now - start
      try http.require(.milliseconds(500)...(.milliseconds(700)) ~= time, "an idle client was closed after \(time)")
      new.send(get("/plaintext"))
      try expectLast(200, of: new, http)
      try expectEnd(of: http)
    }
  }
}
