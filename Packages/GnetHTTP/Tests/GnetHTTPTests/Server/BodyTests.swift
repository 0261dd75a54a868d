import GnetHTTP
import TestPeers
import TestSupport
import Testing

@Suite("The body of a request")
struct BodyTests {
  /// Counts bytes, and refuses a body that begins with an exclamation mark.
  private struct Counter: BodyReceiver, ~Copyable {
    var count = 0

    mutating func receive(_ bytes: Span<UInt8>) throws(Refusal) {
      if count == 0, bytes[0] == UInt8(ascii: "!") { throw Refusal(.unprocessableContent, "no exclamations") }
      count += bytes.count
    }

    mutating func finish() throws(Refusal) -> Response { Response("\(count)") }
  }

  private static var counting: Service { .http { _ in .receivingBody { Counter() } } }

  @Test("is given to a receiver as it arrives, at a given length or in chunks")
  func receiving() throws {
    try withServer(Self.counting) { server in
      let client = try server.connect()
      client.send(get("/"))
      #expect(client.response()?.body == "0")
      let body = String(repeating: "0123456789abcdef", count: 1 << 16)
      client.send(post("/", body: body))
      #expect(client.response()?.body == "1048576")
      client.send(post(chunks: "100000\r\n\(body)\r\n5\r\nabcde\r\n0\r\nA: b\r\n\r\n"))
      #expect(client.response()?.body == "1048581")
      client.send(post("/", body: "!\(body)"))
      #expect(client.response()?.status == 422)
      #expect(client.isAtEnd())
    }
  }

  @Test("is refused where it is longer than the handler takes, before the client is asked for it")
  func limits() throws {
    let service = Service.http { _ in .collectingBody(upTo: 10) { body in Response(.ok, bytes: body) } }
    try withServer(service) { server in
      #expect(try server.answer(post("/", body: "0123456789")).body == "0123456789")
      for request in [
        post("/", "Expect: 100-continue\r\n", body: "0123456789a"), post(chunks: "5\r\n01234\r\n6\r\n"),
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n",
      ] {
        let client = try server.connect()
        client.send(request)
        #expect(client.response()?.status == 413)
        #expect(client.isAtEnd())
      }
    }
  }

  @Test("is refused with an answer that arrives although the client sends on")
  func refusalWhileSending() throws {
    try withServer(echoing) { server in
      let client = try server.connect()
      client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \(100 << 20)\r\n\r\n")
      let part = [UInt8](repeating: 0, count: 1 << 16)
      for _ in 0..<64 where !client.send(part) { break }
      #expect(client.response()?.status == 413)
      client.finish()
      #expect(client.isAtEnd())
    }
  }

  @Test("is asked for once if the client holds it back, and not if it comes by itself")
  func expectation() throws {
    try withServer(echoing) { server in
      let client = try server.connect()
      let head = "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
      client.send(get("/") + head)
      #expect(client.response()?.status == 200)
      #expect(client.response()?.status == 100)
      client.send("ab")
      client.send("cde" + head + "fghij")
      #expect(client.response()?.body == "abcde")
      #expect(client.response()?.body == "fghij")
    }
  }

  @Test("is dropped behind an answer that does not need it; if it is long, the connection closes")
  func unwanted() throws {
    try withServer(.http { _ in Response(.forbidden, "no") }) { server in
      let client = try server.connect()
      client.send(
        post("/", body: String(repeating: "x", count: 60_000)) + post(chunks: "1\r\na\r\n0\r\n\r\n") + get("/"))
      for _ in 0..<3 {
        let response = client.response()
        #expect(response?.status == 403 && response?.fields["connection"] == nil)
      }
      for request in [
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
      ] {
        let client = try server.connect()
        client.send(request)
        let response = client.response()
        #expect(response?.status == 403 && response?.fields["connection"] == "close")
        #expect(client.isAtEnd())
      }
    }
  }

  @Test("may be refused by the collector, and the connection stays open")
  func refusalOfCollector() throws {
    let service = Service.http { _ in
      .collectingBody { body throws(Refusal) in
        if body.isEmpty { throw Refusal(.badRequest, "the body is empty") }
        return Response(.ok, bytes: body)
      }
    }
    try withServer(service) { server in
      let client = try server.connect()
      client.send(get("/") + post("/", body: "a"))
      let refused = client.response()
      #expect(refused?.status == 400 && refused?.body == "400 Bad Request: the body is empty.\n")
      #expect(client.response()?.body == "a")
    }
  }

  @Test("that is cut off is 400 at the end of the stream")
  func truncation() throws {
    try withServer(echoing) { server in
      let request = Array(post(chunks: "2;a=b\r\nab\r\n0\r\nA: b\r\n\r\n", "Expect: 100-continue\r\n").utf8)
      for length in 1..<request.count {
        let client = try server.connect()
        client.send(request[..<length])
        client.finish()
        #expect(try #require(client.toEnd()).contains("HTTP/1.1 400 Bad Request\r\n"), "after \(length) bytes")
      }
    }
  }
}
