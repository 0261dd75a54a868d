import GnetHTTP
import Synchronization
import TestPeers
import TestSupport
import Testing

@Suite("A streamed answer")
struct StreamingTests {
  @Test("is sent in chunks, at its length, or to the end of the connection")
  func framing() throws {
    let service = Service.http { request in
      let length = request.path == "/length" ? 5 : nil
      return .streaming(type: "text/plain", fields: [.eTag: "x"], length: length) { body in
        #expect(body.offer("ab") == .taken)
        #expect(body.offer("cde") == .taken)
        body.finish()
        #expect(body.offer("f") == .gone)
      }
    }
    try withServer(service) { server in
      let chunked = try server.bytes(after: get("/") + get("/", "Connection: close\r\n"))
      #expect(
        chunked.hasPrefix("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nETag: x\r\nTransfer-Encoding: chunked\r\n"))
      #expect(chunked.split(separator: "\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n").count == 2)
      let client = try server.connect()
      client.send(get("/length") + get("/length"))
      for _ in 0..<2 { #expect(client.response()?.body == "abcde") }
      let old = try server.bytes(after: "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
      #expect(old.contains("\r\nConnection: close\r\n") && old.hasSuffix("\r\n\r\nabcde"))
      #expect(!old.contains("Transfer-Encoding"))
      client.send(post("/length", body: "dropped").replacing("POST", with: "HEAD"))
      #expect(client.response(isHead: true)?.fields["content-length"] == "5")
      client.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n" + get("/length"))
      #expect(client.response(isHead: true)?.fields["transfer-encoding"] == "chunked")
      #expect(client.response()?.body == "abcde")
    }
  }

  @Test("that is not finished is cut off: no client takes it for whole")
  func abort() throws {
    let service = Service.http { request in
      let path = request.path
      return .streaming(length: path == "/short" ? 10 : nil) { body in
        _ = body.offer("abc")
        if path == "/abort" { body.abort() }
        if path == "/short" { body.finish() }
      }
    }
    try withServer(service) { server in
      for path in ["/abort", "/dropped", "/short"] {
        let text = try server.bytes(after: get(path))
        #expect(!text.hasSuffix("0\r\n\r\n"), "\(path)")
      }
      #expect(server.connectionCount == 0)
    }
  }

  @Test("does not grow without bound before a client that does not read, and arrives whole when it does")
  func slowReader() throws {
    let total = 8 << 20
    let written = Atomic<Int>(0)
    let writtenCount = { @Sendable in written.load(ordering: .relaxed) }
    let service = Service.http { _ in
      .streaming(
        length: total,
        async: { body in
          let part = [UInt8](repeating: 65, count: 16 << 10)
          for _ in 0..<total / part.count {
            try await body.write(part)
            written.add(part.count, ordering: .relaxed)
          }
        })
    }
    var options = Options.http
    options.socketSendBuffer = 64 << 10
    try withServer(service, options: options) { server in
      let client = try server.connect()
      client.send(get("/", "Connection: close\r\n"))
      var last = -1
      // The kernel's buffers take a part of it.
      try require("the writer waits") {
        defer { last = writtenCount() }
        TestThread.sleep(milliseconds: 100)
        return last > 0 && last == writtenCount()
      }
      #expect(writtenCount() < total)
      #expect(server.loops[0].statistics.pendingOutputBytes <= 2 << 20)
      let text = try #require(client.toEnd())
      #expect(text.hasSuffix("\r\n\r\n" + String(repeating: "A", count: total)))
    }
  }

  @Test("ends its task when the client goes")
  func cancellation() throws {
    let isCancelled = Flag()
    let service = Service.http { _ in
      .streaming(async: { body in
        defer { isCancelled.set() }
        while true {
          try await body.write("tick\n")
          try await Task.sleep(for: .milliseconds(5))
        }
      })
    }
    try withServer(service) { server in
      let client = try server.connect()
      client.send(get("/"))
      #expect(client.isReadable(within: .seconds(20)))
      client.client.close()
      isCancelled.wait()
    }
  }
}
