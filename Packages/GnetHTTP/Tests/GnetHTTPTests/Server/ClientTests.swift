import GnetHTTP
import TestSupport
import Testing

@Suite("A client on the parser of responses")
struct ClientTests {
  /// Asks for paths one after the other on one connection, and notes the answers.
  private struct Fetch: ConnectionHandler, ~Copyable {
    let log: Log<String>
    var requests: [(method: HTTPRequest.Method, path: String)]
    var parser = ResponseParser()
    /// The response whose head has arrived.
    var current: (line: String, body: [UInt8], isLast: Bool)?

    init(_ requests: [(method: HTTPRequest.Method, path: String)], _ log: Log<String>) {
      self.requests = requests
      self.log = log
    }

    mutating func opened(_ connection: inout Connection) -> Action { ask(&connection) }

    private func ask(_ connection: inout Connection) -> Action {
      guard let next = requests.first else { return .close }
      connection.write("\(next.method) \(next.path) HTTP/1.1\r\nHost: x\r\n\r\n")
      return .none
    }

    mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
      if connection.isInputEnded { parser.endInput() }
      do throws(Refusal) {
        while try parse(&input) {
          let response = current!
          log.add("\(response.line) \(response.body.count)")
          current = nil
          requests.removeFirst()
          if response.isLast || ask(&connection) == .close { return .close }
        }
        return .none
      } catch {
        log.add(error.reason)
        return .close
      }
    }

    /// Returns whether the response is complete.
    private mutating func parse(_ input: inout RingBuffer) throws(Refusal) -> Bool {
      if current == nil {
        guard let request = requests.first, try parser.parseHead(in: &input, to: request.method) else { return false }
        do {
          let head = parser.head(in: input)
          let type = head[.contentType] ?? "-"
          current = ("\(request.method) \(head.status.code) \(type)", [], head.closesConnection)
        }
        parser.takeHead(from: &input)
      }
      while true {
        switch try parser.nextBodyPart(in: &input) {
        case .bytes(let count):
          current!.body += input.peek(count)
          parser.takeBody(count, from: &input)
        case .incomplete: return false
        case .end: return true
        }
      }
    }
  }

  private func fetch(_ requests: [(method: HTTPRequest.Method, path: String)], from server: Server, _ log: Log<String>)
  {
    server.connect(to: "tcp://\(server.addresses[0])", Service { _ in Fetch(requests, log) }) { log.add("\($0)") }
  }

  private static var router: Router {
    var router = Router()
    router.get("/plain") { _ in Response("Hello, World!", type: "text/plain") }
    router.get("/stream") { _ in
      .streaming(
        type: "text/plain",
        async: { body in
          for number in 0..<100 { try await body.write(String(repeating: "\(number % 10)", count: 997)) }
        })
    }
    router.get("/none") { _ in Response(.noContent) }
    router.get("/last") { _ in
      var response = Response("bye", type: "text/plain")
      response.closesConnection = true
      return response
    }
    return router
  }

  @Test("reads bodies of a length, in chunks and none, on one connection, up to the last response")
  func responses() throws {
    try withServer(.http(Self.router), loops: 2) { server in
      let log = Log<String>()
      let requests: [(method: HTTPRequest.Method, path: String)] = [
        (.get, "/plain"), (.head, "/plain"), (.get, "/stream"), (.head, "/stream"), (.get, "/none"),
        (.options, "/plain"),
        (.get, "/missing"), (.get, "/last"), (.get, "/never"),
      ]
      fetch(requests, from: server, log)
      let expected = [
        "GET 200 text/plain 13", "HEAD 200 text/plain 0", "GET 200 text/plain 99700", "HEAD 200 text/plain 0",
        "GET 204 - 0", "OPTIONS 204 - 0", "GET 404 text/plain; charset=utf-8 38", "GET 200 text/plain 3",
      ]
      try require("all have answers") { log.values.count >= expected.count }
      #expect(log.values == expected)
    }
  }

  @Test("reads a body up to the end of the stream, and refuses what ends before its length")
  func ends() throws {
    var service = Events()
    service.react = { connection, input in
      guard input.firstIndex(of: UInt8(ascii: "\n")) != nil else { return .none }
      let isCut = input.firstIndex(of: UInt8(ascii: "?")) != nil
      input.removeAll()
      connection.write("HTTP/1.1 200 OK\r\n\(isCut ? "Content-Length: 10\r\n" : "")\r\nabcd")
      return .close
    }
    try withServer(Service(service)) { server in
      let log = Log<String>()
      for path in ["/", "/?"] {
        let count = log.values.count
        fetch([(.get, path)], from: server, log)
        try require("the stream ends") { log.values.count > count }
      }
      #expect(log.values == ["GET 200 - 4", "the response ends too early"])
    }
  }
}
