import GnetHTTP
import TestPeers
import TestSupport
import Testing

@Suite("A shutdown")
struct ShutdownTests {
  @Test("answers what has arrived, says that the connection closes, and closes idle connections")
  func draining() throws {
    let mayAnswer = Flag()
    let service = Service.http { request in
      guard request.path == "/slow" else { return Response(request.path) }
      return .later { pending in
        TestThread.detach {
          mayAnswer.wait()
          pending.send(Response("/slow"))
        }
      }
    }
    try withServer(service) { server in
      let (idle, busy, partial) = (try server.connect(), try server.connect(), try server.connect())
      for client in [idle, partial] {
        client.send(get("/"))
        #expect(client.response()?.fields["connection"] == nil)
      }
      partial.send("GET /partial HTTP/1.1\r\n")
      busy.send(get("/slow") + get("/last"))
      try require("all has arrived") {
        server.loops[0].statistics.bytesRead >= (get("/") + get("/") + get("/slow") + get("/last")).utf8.count + 23
      }
      server.shutdown()
      #expect(idle.isAtEnd())
      mayAnswer.set()
      #expect(busy.response()?.body == "/slow")
      let last = busy.response()
      #expect(last?.body == "/last" && last?.fields["connection"] == "close")
      #expect(busy.isAtEnd())
      partial.send("Host: x\r\n\r\n")
      #expect(partial.response()?.fields["connection"] == "close")
      #expect(partial.isAtEnd())
    }
  }

  @Test("cuts no answer: a stream that has begun ends first")
  func stream() throws {
    let total = 4 << 20
    let service = Service.http { _ in
      .streaming(
        length: total,
        async: { body in
          let part = [UInt8](repeating: 65, count: 32 << 10)
          for _ in 0..<total / part.count { try await body.write(part) }
        })
    }
    try withServer(service) { server in
      let client = try server.connect()
      client.send(get("/"))
      #expect(client.isReadable(within: .seconds(20)))
      server.shutdown()
      #expect(try #require(client.toEnd()).utf8.count > total)
    }
  }

  @Test("answers one more request of a client whose last answer has not said that the connection closes")
  func unannounced() throws {
    let mayEnd = Flag()
    let service = Service.http { request in
      guard request.path == "/stream" else { return Response(request.path) }
      return .streaming(length: 2) { body in
        TestThread.detach {
          _ = body.offer("a")
          mayEnd.wait()
          _ = body.offer("b")
          body.finish()
        }
      }
    }
    try withServer(service) { server in
      let client = try server.connect()
      client.send(get("/stream"))
      #expect(client.isReadable(within: .seconds(20)))
      server.shutdown()
      mayEnd.set()
      let streamed = client.response()
      #expect(streamed?.body == "ab" && streamed?.fields["connection"] == nil)
      client.send(get("/last"))
      let last = client.response()
      #expect(last?.body == "/last" && last?.fields["connection"] == "close")
      #expect(client.isAtEnd())
    }
  }
}
