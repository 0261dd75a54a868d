import Testing

@testable import LoadGenerator

@Suite("Bodies and WebSocket")
struct StreamedExchangeTests {
  func run(_ exchange: Plan.Exchange, pipeline: Int, _ reply: @escaping TestServer.Reply) throws -> Report {
    let server = try TestServer(reply: reply)
    defer { server.stop() }
    var plan = try server.plan(exchange)
    (plan.connections, plan.pipeline, plan.requestLimit) = (5, pipeline, 200)
    return try Engine(plan).run()
  }

  @Test("a body is sent whole, and answered with its length", arguments: [1, 1000, 1 << 20])
  func post(size: Int) throws {
    let exchange = Plan.Exchange.post(path: "/count", size: size)
    let length = "POST /count HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(size)\r\n\r\n".utf8.count + size
    let report = try run(exchange, pipeline: 2) { bytes in
      let count = bytes.count / length
      bytes.removeFirst(count * length)
      let answer = Array("HTTP/1.1 200 OK\r\nContent-Length: \("\(size)".utf8.count)\r\n\r\n\(size)".utf8)
      return Array(repeatElement(answer, count: count).joined())
    }
    #expect(report.requests == 200 && report.requestSize == length)
  }

  @Test("a number that is not that of the bytes is an error")
  func wrongCount() throws {
    let error = #expect(throws: LoadError.self) {
      try run(.post(path: "/", size: 10), pipeline: 1) { bytes in
        bytes = []
        return Array("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n9".utf8)
      }
    }
    #expect(error?.description.contains(#"should be answered with 200 and "10""#) == true)
  }

  /// Answers the handshake, and then each frame with what `change` makes of its bytes behind the mask.
  static func webSocket(
    accept: String = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", _ change: @escaping @Sendable ([UInt8]) -> [UInt8] = { $0 }
  ) -> TestServer.Reply {
    { bytes in
      if bytes.first == UInt8(ascii: "G") {
        guard bytes.suffix(4) == [13, 10, 13, 10] else { return [] }
        bytes = []
        return Array("HTTP/1.1 101 Switching Protocols\r\nSEC-WebSocket-Accept:\(accept)\r\n\r\n".utf8)
      }
      var answers: [UInt8] = []
      while bytes.count >= 2 {
        let size = [126: 2, 127: 8][bytes[1] & 0x7F] ?? 0
        let start = 2 + size + 4
        guard bytes.count >= start else { break }
        let length = size == 0 ? Int(bytes[1] & 0x7F) : bytes[2..<2 + size].reduce(0) { $0 << 8 | Int($1) }
        guard bytes.count >= start + length else { break }
        let mask = Array(bytes[start - 4..<start])
        let payload = bytes[start..<start + length].enumerated().map { $1 ^ mask[$0 % 4] }
        answers += [bytes[0], bytes[1] & 0x7F] + bytes[2..<2 + size] + change(payload)
        bytes.removeFirst(start + length)
      }
      return answers
    }
  }

  @Test("messages of a WebSocket come back without their mask", arguments: [1, 125, 126, 16384, 70_000], [1, 3])
  func messages(size: Int, pipeline: Int) throws {
    let report = try run(.webSocket(path: "/ws", size: size), pipeline: pipeline, Self.webSocket())
    let header = size < 126 ? 2 : size < 65536 ? 4 : 10
    #expect(report.requests == 200 && report.replySize == header + size && report.requestSize == header + size + 4)
  }

  @Test("a wrong byte of a message is found")
  func wrongByte() throws {
    let reply = Self.webSocket { [$0[0] ^ 1] + $0.dropFirst() }
    let error = #expect(throws: LoadError.self) { try run(.webSocket(path: "/ws", size: 10), pipeline: 1, reply) }
    #expect(error?.description.contains("byte 2 of reply 0") == true)
  }

  @Test("a server that does not take up WebSocket is an error, also with the answer to another key")
  func handshake() throws {
    let notFound: TestServer.Reply = { bytes in
      bytes = []
      return Array("HTTP/1.1 404 No\r\n\r\n".utf8)
    }
    for reply in [Self.webSocket(accept: "x"), notFound] {
      let error = #expect(throws: LoadError.self) { try run(.webSocket(path: "/ws", size: 10), pipeline: 1, reply) }
      #expect(error?.description.contains("should take up WebSocket") == true)
    }
  }
}
