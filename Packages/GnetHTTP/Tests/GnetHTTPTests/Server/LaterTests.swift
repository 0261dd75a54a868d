import GnetHTTP
import Synchronization
import TestPeers
import TestSupport
import Testing

@Suite("An answer that comes later")
struct LaterTests {
  /// The requests that wait, by their paths.
  private final class Waiting: Sendable {
    private let pending = Mutex<[String: PendingResponse]>([:])

    var service: Service {
      .http { [self] request in
        let path = request.path
        if path == "/now" { return Response(path) }
        return .later { [self] answer in pending.withLock { $0[path] = answer } }
      }
    }

    /// Takes a request, which must come.
    func take(_ path: String) throws -> PendingResponse {
      var taken: PendingResponse?
      try require("the request for \(path)") {
        taken = pending.withLock { $0.removeValue(forKey: path) }
        return taken != nil
      }
      return try #require(taken)
    }
  }

  @Test("comes from any thread, and in order: later requests wait for it", arguments: [1, 2])
  func order(loops: Int) throws {
    let waiting = Waiting()
    try withServer(waiting.service, loops: loops) { server in
      let client = try server.connect()
      client.send(get("/1") + get("/now") + get("/2") + get("/now"))
      let first = try waiting.take("/1")
      #expect(!client.isReadable(within: .milliseconds(100)))
      #expect(first.send(Response("/1")))
      #expect(client.response()?.body == "/1")
      #expect(client.response()?.body == "/now")
      let second = try waiting.take("/2")
      #expect(second.send(Response("/2")))
      #expect(client.response()?.body == "/2")
      #expect(client.response()?.body == "/now")
    }
  }

  @Test("counts once; none at all is 500")
  func misuse() throws {
    let waiting = Waiting()
    try withServer(waiting.service) { server in
      let client = try server.connect()
      client.send(get("/twice") + get("/never"))
      let twice = try waiting.take("/twice")
      #expect(twice.send(Response("first")))
      #expect(!twice.send(Response("second")))
      #expect(client.response()?.body == "first")
      _ = try waiting.take("/never")
      #expect(client.response()?.status == 500)
      client.send(get("/now"))
      #expect(client.response()?.body == "/now")
    }
  }

  @Test("finds out that the client has gone")
  func gone() throws {
    let waiting = Waiting()
    // With half-closure, a client that closes may still wait for its answer.
    try withServer(waiting.service, options: Options()) { server in
      let client = try server.connect()
      client.send(get("/gone"))
      let pending = try waiting.take("/gone")
      client.client.close()
      try require("the connection has ended") { server.connectionCount == 0 }
      #expect(!pending.send(Response("too late")))
    }
  }

  @Test("may be given at once, may be a stream, and leaves a long body unread until then")
  func kinds() throws {
    let service = Service.http { request in
      if request.path == "/once" { return .later { $0.send(Response("at once")) } }
      return .later {
        $0.send(
          .streaming { body in
            _ = body.offer("streamed")
            body.finish()
          })
      }
    }
    try withServer(service) { server in
      let client = try server.connect()
      client.send(get("/once") + post("/once", body: "dropped"))
      for _ in 0..<2 { #expect(client.response()?.body == "at once") }
      client.send(get("/stream", "Connection: close\r\n"))
      #expect(client.toEnd()?.hasSuffix("\r\n\r\n8\r\nstreamed\r\n0\r\n\r\n") == true)
    }
  }

  @Test("does not let what a client sends behind the request grow without bound")
  func flood() throws {
    let waiting = Waiting()
    try withServer(waiting.service) { server in
      let client = try server.connect()
      client.send(get("/wait"))
      let pending = try waiting.take("/wait")
      let count = 20_000
      let sender = client.client.sendInBackground(Array(String(repeating: get("/now"), count: count).utf8))
      try require("the server reads") { server.loops[0].statistics.bytesRead > 64 << 10 }
      #expect(server.loops[0].statistics.bytesRead <= 256 << 10)
      pending.send(Response("first"))
      #expect(client.response()?.body == "first")
      for _ in 0..<count { #expect(client.response()?.body == "/now") }
      sender.join()
    }
  }
}
