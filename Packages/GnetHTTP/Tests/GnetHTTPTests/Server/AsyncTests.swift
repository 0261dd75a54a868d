import GnetHTTP
import Synchronization
import TestPeers
import TestSupport
import Testing

@Suite("A handler that waits")
struct AsyncTests {
  private enum Failure: Error { case deliberate }

  @Test("answers with what it has waited for, in order", arguments: [1, 2])
  func answers(loops: Int) throws {
    let service = Service.http(async: { request in
      if request.path == "/slow" { try await Task.sleep(for: .milliseconds(50)) }
      let body = try await request.body.collect(upTo: 2 << 20)
      return Response("\(request.method) \(request.path) \(request[.userAgent] ?? "-") \(body.count)")
    })
    try withServer(service, loops: loops) { server in
      let client = try server.connect()
      let large = String(repeating: "x", count: 1 << 20)
      client.send(
        get("/slow", "User-Agent: test\r\n") + post("/a", body: "abc") + get("/b") + post("/c", body: large)
          + post(chunks: "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"))
      #expect(
        (0..<5).map { _ in client.response()?.body } == [
          "GET /slow test 0", "POST /a - 3", "GET /b - 0", "POST /c - 1048576", "POST /echo - 3",
        ])
    }
  }

  @Test("runs on the connection's loop")
  func executor() throws {
    let service = Service.http(async: { _ in
      let before = TestThread.current
      await Task.yield()
      return Response("\(before == TestThread.current)")
    })
    try withServer(service) { server in
      let answer = try server.answer(get("/"))
      #expect(answer.body == "true")
    }
  }

  @Test("that throws is answered with 500, or with the status of its refusal; the connection stays open")
  func failures() throws {
    let service = Service.http(async: { request in
      if request.path == "/refused" { throw Refusal(.notFound, "nobody is here") }
      throw Failure.deliberate
    })
    try withServer(service) { server in
      let client = try server.connect()
      client.send(get("/failed") + get("/refused"))
      #expect(client.response()?.status == 500)
      #expect(client.response()?.body == "404 Not Found: nobody is here.\n")
    }
  }

  @Test("refuses a body that is longer than it takes")
  func limit() throws {
    let service = Service.http(async: { request in
      Response(.ok, bytes: try await request.body.collect(upTo: 5))
    })
    try withServer(service) { server in
      let (short, long) = (try server.answer(post("/", body: "abcde")), try server.answer(post("/", body: "abcdef")))
      #expect(short.body == "abcde" && long.status == 413)
    }
  }

  @Test("holds a body up that it does not read, and asks for it only then")
  func backPressure() throws {
    let mayRead = Flag()
    let service = Service.http(async: { request in
      await withCheckedContinuation { continuation in
        TestThread.detach {
          mayRead.wait()
          continuation.resume()
        }
      }
      var count = 0
      for try await part in request.body {
        #expect(part.count <= 64 << 10)
        count += part.count
      }
      return Response("\(count)")
    })
    try withServer(service) { server in
      let client = try server.connect()
      let count = 2 << 20
      client.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: \(count)\r\n\r\n")
      #expect(!client.isReadable(within: .milliseconds(100)))
      let sender = client.client.sendInBackground([UInt8](repeating: 0, count: count))
      try require("the body begins to arrive") { server.loops[0].statistics.reads >= 1 }
      TestThread.sleep(milliseconds: 100)
      #expect(server.loops[0].statistics.bytesRead <= 128 << 10)
      mayRead.set()
      sender.join()
      var response = client.response()
      if response?.status == 100 { response = client.response() }
      #expect(response?.body == "\(count)")
    }
  }

  @Test("may send a body back as it arrives")
  func echo() throws {
    let service = Service.http(async: { request in
      .streaming(async: { body in
        for try await part in request.body { try await body.write(part) }
      })
    })
    try withServer(service) { server in
      let client = try server.connect()
      let text = String(repeating: "0123456789abcdef", count: 1 << 15)
      let sender = client.client.sendInBackground(Array(post("/", "Connection: close\r\n", body: text).utf8))
      let answer = try #require(client.toEnd())
      sender.join()
      #expect(answer.hasSuffix("0\r\n\r\n") && answer.utf8.count > text.utf8.count)
    }
  }

  @Test("is cancelled when the client goes, and when its body is cut off")
  func cancellation() throws {
    let ended = Counter()
    let service = Service.http(async: { request in
      defer { ended.add() }
      if request.method == .post { return Response("\(try await request.body.collect(upTo: 100).count)") }
      try await Task.sleep(for: .seconds(3600))
      return Response("never")
    })
    // With half-closure, a client that closes may still wait for its answer.
    try withServer(service, options: Options()) { server in
      for request in [get("/"), "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab"] {
        let client = try server.connect()
        client.send(request)
        try require("the request is there") { server.loops[0].statistics.bytesRead > 0 }
        client.client.close()
      }
      try require("both have ended") { ended.value == 2 }
    }
  }
}
