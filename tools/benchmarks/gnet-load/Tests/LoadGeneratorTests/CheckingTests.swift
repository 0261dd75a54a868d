import Testing

@testable import LoadGenerator

@Suite("A wrong server")
struct CheckingTests {
  /// The error of a run against a server that replies so.
  func error(
    _ scheme: String = "tcp", _ exchange: Plan.Exchange = .echo(size: 64), requests: Int = 200,
    change: (inout Plan) -> Void = { _ in }, reply: @escaping TestServer.Reply
  ) throws -> String {
    let server = try TestServer(scheme, reply: reply)
    defer { server.stop() }
    let error = #expect(throws: LoadError.self) {
      var plan = try server.plan(exchange)
      plan.requestLimit = requests
      change(&plan)
      return try Engine(plan).run()
    }
    return error?.description ?? ""
  }

  @Test("one wrong byte is found, and named", arguments: [0, 31, 63])
  func wrongByte(_ place: Int) throws {
    let text = try error { bytes in
      defer { bytes = [] }
      bytes[place] ^= 1
      return bytes
    }
    #expect(text.contains("wrong byte") && text.contains("byte \(place) of reply 0"))
  }

  @Test("messages that are swapped are found")
  func swapped() throws {
    let text = try error(change: { $0.pipeline = 2 }) { bytes in
      guard bytes.count >= 128 else { return [] }
      defer { bytes = [] }
      return Array(bytes[64..<128] + bytes[..<64])
    }
    #expect(text.contains("wrong byte"))
  }

  @Test("more than was asked for is found")
  func tooMany() throws {
    let text = try error { bytes in
      defer { bytes = [] }
      return bytes + bytes
    }
    #expect(text.contains("wrong byte") || text.contains("more than it was asked for"))
  }

  @Test("a connection that is closed early is an error")
  func closed() throws {
    #expect(try error { _ in nil }.contains("closed the connection after 0 replies"))
  }

  @Test("a server that says nothing ends the run when patience does")
  func silent() throws {
    let text = try error(change: { $0.patience = 0.3 }) { bytes in
      bytes = []
      return []
    }
    #expect(text.contains("sent no reply for 0.3 seconds"))
  }

  @Test("a datagram that is not an echo is found")
  func wrongDatagram() throws {
    let text = try error("udp") { bytes in
      bytes[5] &+= 1
      return bytes
    }
    #expect(text.contains("that it was not sent"))
  }

  @Test("nobody there is an error that names the address")
  func nobody() throws {
    let server = try TestServer()
    server.stop()
    let error = #expect(throws: LoadError.self) { try Engine(server.plan()).run() }
    #expect(error?.description.hasPrefix("connecting to \(server.address): ") == true)
  }

  @Test(
    "an address that is none is refused, with the reason",
    arguments: [
      ("localhost", "a port"), ("127.0.0.1:0", "a port"), ("127.0.0.1:99999", "a port"), (":9000", "a host"),
      ("http://localhost:80", "the scheme"), ("unix://", "not a path"),
    ])
  func addresses(_ text: String, _ reason: String) {
    let error = #expect(throws: LoadError.self) { try Target(text) }
    #expect(error?.description.contains(reason) == true)
  }

  @Test("a plan that makes no sense is refused")
  func plans() throws {
    let stream = try Plan(target: Target("127.0.0.1:1"), exchange: .echo(size: 64))
    let datagrams = try Plan(target: Target("udp://127.0.0.1:1"), exchange: .echo(size: 64))
    func refuses(_ plan: Plan, _ change: (inout Plan) -> Void) {
      var plan = plan
      change(&plan)
      #expect(throws: LoadError.self) { try plan.validate() }
    }
    refuses(stream) { $0.exchange = .echo(size: 0) }
    refuses(stream) { $0.exchange = .http(path: "a b", body: "") }
    refuses(stream) { $0.exchange = .post(path: "/", size: 0) }
    refuses(stream) { $0.exchange = .webSocket(path: "ws", size: 1) }
    refuses(stream) { $0.connections = 0 }
    refuses(stream) { $0.pipeline = 0 }
    refuses(stream) { $0.pace = .open(rate: 0) }
    refuses(stream) { ($0.pace, $0.pipeline) = (.reconnect, 2) }
    refuses(stream) { $0.duration = .nan }
    refuses(stream) { ($0.requestLimit, $0.warmUp) = (5, 1) }
    refuses(datagrams) { $0.exchange = .redisGet(size: 5) }
    refuses(datagrams) { $0.exchange = .echo(size: 65508) }
    refuses(datagrams) { $0.pace = .reconnect }
    refuses(datagrams) { ($0.exchange, $0.isSegmented) = (.echo(size: 1453), true) }
    refuses(stream) { $0.isSegmented = true }
  }
}
