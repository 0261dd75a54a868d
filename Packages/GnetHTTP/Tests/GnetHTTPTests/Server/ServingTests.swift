import GnetHTTP
import TestPeers
import TestSupport
import Testing

@Suite("A service of HTTP")
struct ServingTests {
  private static var hello: Service { .http { _ in Response("Hello, World!") } }

  @Test("answers requests on a connection that stays open as long as the client wants it")
  func persistence() throws {
    try withServer(Self.hello) { server in
      let client = try server.connect()
      for _ in 0..<3 {
        client.send(get("/"))
        let response = try #require(client.response())
        #expect(response.status == 200 && response.body == "Hello, World!")
        #expect(response.fields["content-type"] == "text/plain; charset=utf-8")
        #expect(response.fields["connection"] == nil && response.fields["server"] == nil)
        #expect(response.fields["date"]?.wholeMatch(of: /\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT/) != nil)
      }
      client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
      #expect(client.response()?.fields["connection"] == "keep-alive")
      client.send(get("/", "Connection: close\r\n") + get("/never"))
      #expect(client.response()?.fields["connection"] == "close")
      #expect(client.isAtEnd())
    }
  }

  @Test("answers a HEAD with the fields of a GET and without a body")
  func head() throws {
    try withServer(Self.hello) { server in
      let client = try server.connect()
      client.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n" + get("/"))
      #expect(client.response(isHead: true)?.fields["content-length"] == "13")
      #expect(client.response()?.body == "Hello, World!")
    }
  }

  @Test("answers what is refused, then closes, and serves the next client", arguments: [1, 2])
  func refusals(loops: Int) throws {
    try withServer(echoing, loops: loops) { server in
      for sample in RefusalTests.samples {
        let client = try server.connect()
        // Bytes that still arrive must not destroy the answer.
        client.send(sample.stream + String(repeating: "x", count: 1000))
        let response = client.response()
        #expect(response?.status == sample.status.code && response?.fields["connection"] == "close", "\(sample)")
        #expect(client.isAtEnd())
      }
      #expect(try server.answer(get("/")).status == 200)
    }
  }

  @Test("answers pipelined requests in order by one send, cut anywhere")
  func pipelining() throws {
    let service = Service.http { request in
      let path = request.path
      return .collectingBody { body in Response(path + " \(body.count)") }
    }
    try withServer(service) { server in
      let stream = get("/1") + post("/2", body: "ab") + post(chunks: "3\r\nabc\r\n0\r\n\r\n") + get("/4")
      for cut in stride(from: 0, through: stream.utf8.count, by: 5) {
        let client = try server.connect()
        client.send(stream.utf8.prefix(cut))
        client.send(stream.utf8.dropFirst(cut))
        #expect((0..<4).map { _ in client.response()?.body } == ["/1 0", "/2 2", "/echo 3", "/4 0"])
      }
      let client = try server.connect()
      client.send(String(repeating: stream, count: 20))
      let bytes = try #require(client.receive())
      #expect(String(decoding: bytes, as: UTF8.self).split(separator: "HTTP/1.1 200 OK").count == 80)
    }
  }

  @Test("closes after an answer that says so, and names the server if it is told to")
  func closing() throws {
    var options = HTTPOptions()
    options.serverName = "test\r\nX: y"
    let service = Service.http(options: options) { _ in
      var response = Response(.unauthorized, "Who are you?\n", fields: [.wwwAuthenticate: "Basic"])
      response.closesConnection = true
      return response
    }
    try withServer(service) { server in
      let client = try server.connect()
      client.send(get("/") + get("/"))
      let response = try #require(client.response())
      #expect(response.status == 401 && response.fields["www-authenticate"] == "Basic")
      #expect(response.fields["connection"] == "close")
      #expect(response.fields["server"] == "test  X: y" && response.fields["x"] == nil)
      #expect(client.isAtEnd())
    }
  }

  @Test("gives answers that may have no body none, and writes the fields of framing itself")
  func composition() throws {
    let service = Service.http { request in
      switch request.path {
      case "/204": Response(.noContent, "text")
      case "/304": Response(.notModified, fields: [.eTag: "x"])
      case "/empty": Response(.created, fields: [.location: "/x\r\nInjected: y"])
      default: Response(HTTPResponse(status: .ok, headerFields: [.contentLength: "7", .connection: "x"]), body: [65])
      }
    }
    try withServer(service) { server in
      let client = try server.connect()
      for path in ["/204", "/304", "/empty", "/value"] { client.send(get(path)) }
      let responses = try (0..<4).map { _ in try #require(client.response()) }
      #expect(responses.map(\.status) == [204, 304, 201, 200])
      #expect(responses.map { $0.fields["content-length"] } == [nil, nil, "0", "1"])
      #expect(responses[2].fields["location"] == "/x  Injected: y" && responses[2].fields["injected"] == nil)
      #expect(responses[3].fields["connection"] == nil && responses[3].body == "A")
    }
  }

  @Test("refuses a request that takes too long, also one whose bytes drip, but waits for a next one")
  func timeout() throws {
    var options = HTTPOptions()
    options.requestTimeout = .milliseconds(300)
    let service = Service.http(options: options) { _ in .collectingBody { body in Response(.ok, bytes: body) } }
    try withServer(service) { server in
      let dripping = "GET / HTTP/1.1\r\nHost: x\r\n"
      for beginning in ["G", dripping, post(chunks: "5\r\nab"), get("/") + "GET"] {
        let client = try server.connect()
        client.send(beginning)
        if beginning.hasSuffix("GET") { #expect(client.response()?.status == 200) }
        while !client.isReadable(within: .milliseconds(20)), beginning == dripping { client.send("A: b\r\n") }
        #expect(client.response()?.status == 408, "\(beginning)")
        #expect(client.isAtEnd())
      }
      let client = try server.connect()
      client.send(post(chunks: "1\r\na\r\n0\r\n\r\n"))
      #expect(client.response()?.body == "a")
      #expect(!client.isReadable(within: .milliseconds(500)))
    }
  }

  @Test("closes the quietest connection for a new one, where their number is limited")
  func connectionLimit() throws {
    var options = HTTPOptions()
    options.connectionLimit = 2
    let service = Service.http(options: options) { _ in Response("ok") }
    try withServer(service) { server in
      let (first, second) = (try server.connect(), try server.connect())
      for client in [second, first] {
        client.send(get("/"))
        #expect(client.response()?.status == 200)
      }
      let third = try server.connect()
      third.send(get("/"))
      #expect(third.response()?.status == 200)
      #expect(second.isAtEnd())
      first.send(get("/"))
      #expect(first.response()?.status == 200)
    }
  }
}
