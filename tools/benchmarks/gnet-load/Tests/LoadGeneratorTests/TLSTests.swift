import Testing

@testable import LoadGenerator

@Suite("TLS")
struct TLSTests {
  let side: TLSSide

  init() throws { side = try TLSSide() }

  /// Runs a plan against a server that answers over TLS.
  func run(
    _ exchange: Plan.Exchange = .echo(size: 64), on side: TLSSide? = nil, changing mask: UInt8 = 0,
    _ configure: (inout Plan) -> Void = { _ in }
  ) throws -> Report {
    let server = try TestServer("tls", tls: side ?? self.side) { bytes in
      defer { bytes = [] }
      return bytes.map { $0 ^ mask }
    }
    defer { server.stop() }
    var plan = try server.plan(exchange)
    plan.requestLimit = 20
    configure(&plan)
    return try Engine(plan).run()
  }

  @Test("echoes of many sizes come back on several connections", arguments: [1, 64, 16384, 100_000])
  func echo(size: Int) throws {
    let report = try run(.echo(size: size)) { ($0.connections, $0.pipeline, $0.requestLimit) = (3, 4, 100) }
    #expect(report.requests == 100)
    #expect(side.resumptions == [false, false, false])
  }

  @Test("a connection for every request makes a handshake, or resumes the session", arguments: [false, true])
  func reconnect(resumes: Bool) throws {
    #expect(try run { ($0.pace, $0.resumes) = (.reconnect, resumes) }.requests == 20)
    #expect(side.resumptions == [false] + Array(repeating: resumes, count: 19))
  }

  @Test("a server that does not resume a session is an error")
  func refused() throws {
    let error = #expect(throws: LoadError.self) {
      try run(on: TLSSide(forgetsTickets: true)) { ($0.pace, $0.resumes) = (.reconnect, true) }
    }
    #expect(error?.description.hasSuffix("has not resumed the session of connection 0") == true)
  }

  @Test("a wrong byte is noticed")
  func wrongByte() throws {
    let error = #expect(throws: LoadError.self) { try run(changing: 1) }
    #expect(error?.description.contains("wrong byte") == true)
  }

  @Test("a server that speaks no TLS is an error with its reason")
  func plain() throws {
    let server = try TestServer { bytes in
      bytes = []
      return Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)
    }
    defer { server.stop() }
    let target = try Target(server.address.replacing("tcp://", with: "tls://"))
    let error = #expect(throws: LoadError.self) { try Engine(Plan(target: target, exchange: .echo(size: 64))).run() }
    #expect(error?.description.hasSuffix("wrong version number") == true)
  }

  @Test("only connections over TLS that follow each other are resumed")
  func plan() throws {
    var plan = Plan(target: try Target("127.0.0.1:1"), exchange: .echo(size: 1))
    (plan.pace, plan.resumes) = (.reconnect, true)
    #expect(throws: LoadError.self) { try plan.validate() }
  }

  @Test("held connections have made their handshake, and echo")
  func hold() throws {
    let server = try TestServer("tls", tls: side)
    defer { server.stop() }
    let holder = try Holder(Target(server.address), count: 5)
    try holder.echo(40_000)
    #expect(side.resumptions.count == 5)
  }
}
