import Synchronization
import Testing

@testable import LoadGenerator

@Suite("HTTP and redis")
struct ExchangeTests {
  static let head = "HTTP/1.1 200 OK\r\nServer: test\r\nDate: "
  static let tail = "\r\nContent-Length: 13\r\n\r\nHello, World!"

  /// Answers as many requests as have come.
  static func answering(_ reply: @escaping @Sendable () -> String) -> TestServer.Reply {
    { bytes in
      let requests = String(decoding: bytes, as: UTF8.self).split(
        separator: "\r\n\r\n", omittingEmptySubsequences: false)
      bytes = Array(requests.last!.utf8)
      return requests.dropLast().flatMap { _ in Array(reply().utf8) }
    }
  }

  func run(_ exchange: Plan.Exchange, pipeline: Int = 4, _ reply: @escaping TestServer.Reply) throws -> Report {
    let server = try TestServer(reply: reply)
    defer { server.stop() }
    var plan = try server.plan(exchange)
    (plan.connections, plan.pipeline, plan.requestLimit) = (3, pipeline, 500)
    return try Engine(plan).run()
  }

  @Test("a date may change, from reply to reply")
  func date() throws {
    let number = Atomic<Int>(0)
    let report = try run(
      .http(path: "/plaintext", body: "Hello, World!"),
      Self.answering {
        let digits = String(number.add(1, ordering: .relaxed).newValue / 7 + 1000)
        return Self.head + "Tue, 24 Nov 2026 \(digits)" + Self.tail
      })
    #expect(report.requests == 500)
  }

  @Test("nothing else may change")
  func changed() throws {
    let number = Atomic<Int>(0)
    let error = #expect(throws: LoadError.self) {
      try run(
        .http(path: "/plaintext", body: "Hello, World!"),
        Self.answering {
          let isLate = number.add(1, ordering: .relaxed).newValue > 100
          return Self.head + "now" + (isLate ? Self.tail.replacing("Hello", with: "Jello") : Self.tail)
        })
    }
    #expect(error?.description.contains("wrong byte") == true)
  }

  @Test(
    "another status or body than expected is an error",
    arguments: [
      "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nHi",
    ])
  func unexpected(_ reply: String) throws {
    let error = #expect(throws: LoadError.self) {
      try run(.http(path: "/", body: "Hello, World!"), Self.answering { reply })
    }
    #expect(error?.description.contains("should be answered with 200") == true)
  }

  @Test("SET is answered with OK, and GET with the value that was set")
  func redis() throws {
    let reply: TestServer.Reply = { bytes in
      let text = String(decoding: bytes, as: UTF8.self)
      bytes = []
      let sets = text.ranges(of: "SET\r\n").count
      let gets = text.ranges(of: "GET\r\n").count
      return Array((String(repeating: "+OK\r\n", count: sets) + String(repeating: "$5\r\nxxxxx\r\n", count: gets)).utf8)
    }
    #expect(try run(.redisSet(size: 5), pipeline: 1, reply).requests == 500)
    #expect(try run(.redisGet(size: 5), pipeline: 1, reply).requests == 500)
  }

  @Test("a redis error is an error")
  func redisError() throws {
    #expect(throws: LoadError.self) {
      try run(.redisGet(size: 5)) {
        $0 = []; return Array("-ERR no\r\n".utf8)
      }
    }
  }

  @Test("a reply is whole when its body is")
  func replies() throws {
    let whole = Array((Self.head + "now" + Self.tail).utf8)
    for count in 0..<whole.count { #expect(HTTPReply(Array(whole[..<count])) == nil) }
    let reply = try #require(HTTPReply(whole + whole))
    #expect(reply.status == 200 && reply.count == whole.count && reply.body == Array("Hello, World!".utf8))
    #expect(Array(whole[reply.date]) == Array("now".utf8))
  }
}
