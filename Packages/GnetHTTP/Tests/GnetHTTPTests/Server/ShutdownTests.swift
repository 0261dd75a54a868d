import Gnet
import GnetHTTP
import GnetTesting
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

  @Test("answers a request behind an answer that was begun before, and has not said that the connection closes")
  func afterAnswer() throws {
    try Simulation.run(seeds: 0..<20) { simulation in
      let bodies = Log<ResponseBody>()
      let service = Service.http { request in
        request.path == "/stream" ? .streaming { bodies.add($0) } : Response(request.path)
      }
      let server = try simulation.start([Listener("tcp://:80", service)], options: .http)
      let (client, quiet) = (simulation.connect(to: server.addresses[0]), simulation.connect(to: server.addresses[0]))
      for client in [client, quiet] { client.send(get("/stream")) }
      try simulation.run(until: { bodies.count == 2 })
      server.shutdown()
      simulation.run(for: .milliseconds(100))
      for body in bodies.values { body.finish() }
      try simulation.run(until: { [client, quiet].allSatisfy { $0.receivedText.hasSuffix("0\r\n\r\n") } })
      #expect(!client.receive().isEmpty)
      client.send(get("/next"))
      try simulation.run(until: { client.isEnded && quiet.isEnded })
      let answer = client.receivedText
      #expect(answer.contains("\r\nConnection: close\r\n") && answer.hasSuffix("/next"))
      #expect(!quiet.receivedText.contains("Connection: close"))
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
}
