import HTTPTypes
import RingBuffer
import TestPeers
import TestSupport
import Testing

@testable import GnetHTTP

@Suite("The HTTP parser")
struct ParserTests {
  private typealias Summary = RequestSummary

  /// Streams of one request each, and what is to be made of it.
  private static let accepted: [(stream: String, request: Summary)] = [
    (get("/"), .init(method: .get, path: "/")),
    ("\r\n" + get("/"), .init(method: .get, path: "/")),
    (get("/a/b%20c?d=e?f/g"), .init(method: .get, path: "/a/b%20c")),
    (get("/a-path-of-more-than-15-bytes"), .init(method: .get, path: "/a-path-of-more-than-15-bytes")),
    (get("//x/y"), .init(method: .get, path: "//x/y")),
    (get("http://x"), .init(method: .get, path: "/")),
    (get("http://x?y"), .init(method: .get, path: "/")),
    (get("HTTPS://[::1]:8080/json?x"), .init(method: .get, path: "/json")),
    ("HEAD / HTTP/1.1\r\nHost:\r\n\r\n", .init(method: .head, path: "/")),
    ("OPTIONS * HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", .init(method: .options, path: "*")),
    ("CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n", .init(method: .connect, path: "")),
    ("get / HTTP/1.1\r\nhost: x\r\n\r\n", .init(method: HTTPRequest.Method("get")!, path: "/")),
    ("PUT / HTTP/1.1\r\nhOST:\t x.y-z:1 \t\r\n\r\n", .init(method: .put, path: "/")),
    ("DELETE / HTTP/1.9\r\nHost: x\r\n\r\n", .init(method: .delete, path: "/")),
    ("GET / HTTP/1.0\r\n\r\n", .init(method: .get, path: "/", persistence: .close)),
    (
      "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
      .init(method: .get, path: "/", persistence: .keepAliveAnnounced)
    ),
    (get("/", "Connection: close\r\n"), .init(method: .get, path: "/", persistence: .close)),
    (get("/", "Connection: , x ,CLOSE\r\n"), .init(method: .get, path: "/", persistence: .close)),
    (get("/", "Connection: close, keep-alive\r\n"), .init(method: .get, path: "/", persistence: .close)),
    (get("/", "Connection: closed\r\n"), .init(method: .get, path: "/")),
    (get("/", "!#$%&'*+-.^_`|~: \"(),/:;<=>?@[\\]{} \r\nA:\r\nA:\r\n"), .init(method: .get, path: "/")),
    (get("/", "A: ä\tb\r\n"), .init(method: .get, path: "/")),
    (get("/", "Content-Length: 0\r\n"), .init(method: .get, path: "/")),
    (get("/", "CONTENT-LENGTH:003\r\n") + "a\nb", .init(method: .get, path: "/", body: Array("a\nb".utf8))),
    (get("/", "Expect: 100-Continue\r\nContent-Length: 1\r\n") + "x", .init(method: .get, path: "/", body: [0x78])),
    (post(chunks: "0\r\n\r\n"), .init(method: .post, path: "/echo")),
    (
      post(chunks: "1\r\na\r\n00A\r\n0123456789\r\n000\r\nA: b\r\nContent-Length: 7\r\n\r\n"),
      .init(method: .post, path: "/echo", body: Array("a0123456789".utf8))
    ),
    (
      post(chunks: "3 ; a\t=\tb;c;d=\"\\\";\u{9}é\" ;e\r\n\r\n\r\r\n0;x\r\n\r\n"),
      .init(method: .post, path: "/echo", body: Array("\r\n\r".utf8))
    ),
    (
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: ,\tChunked ,\r\n\r\n1\r\na\r\n0\r\n\r\n",
      .init(method: .post, path: "/", body: [0x61])
    ),
  ]

  @Test("understands what is allowed")
  func understanding() {
    for (stream, request) in Self.accepted {
      let outcome = RequestOutcome(stream)
      #expect(outcome.messages == [request], "\(stream.debugDescription)")
      #expect(outcome.refusal == nil)
      #expect(outcome.isBetweenMessages && outcome.unread.isEmpty)
    }
  }

  @Test("waits for the rest of a request that is cut off anywhere, and takes nothing for granted")
  func truncation() {
    for (stream, request) in Self.accepted {
      let bytes = Array(stream.utf8)
      for length in bytes.indices {
        let outcome = RequestOutcome(Array(bytes[..<length]))
        #expect(outcome.refusal == nil && outcome.messages.isEmpty, "\(stream.debugDescription) at \(length)")
        let isNothing = length == 0 || (stream.hasPrefix("\r\n") && length == 2)
        #expect((outcome.isBetweenMessages && outcome.unread.isEmpty) == isNothing)
        #expect(RequestOutcome(bytes, cuts: [length]).messages == [request])
      }
      #expect(RequestOutcome(bytes, cuts: Array(bytes.indices)).messages == [request])
    }
  }

  @Test("reads pipelined requests one after the other, cut anywhere, wherever the ring wraps")
  func pipeline() {
    let bytes = Array(Self.accepted.map(\.stream).joined().utf8)
    let whole = RequestOutcome(bytes)
    #expect(whole.messages == Self.accepted.map(\.request))
    for cut in stride(from: 0, through: bytes.count, by: 7) {
      #expect(RequestOutcome(bytes, cuts: [cut, min(cut + 13, bytes.count)]) == whole)
    }
    for rotation in stride(from: 1, through: 4096, by: 97) {
      #expect(RequestOutcome(bytes, cuts: [1, bytes.count / 2], rotation: rotation) == whole)
    }
  }

  @Test("survives random bytes, and random changes to requests", arguments: 0..<8)
  func noise(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let sample = Array(Self.accepted.map(\.stream).joined().utf8)
    for _ in 0..<200 {
      let noise = (0..<Int.random(in: 1...300, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      let cuts = Array(noise.indices)
      #expect(RequestOutcome(noise).refusal == RequestOutcome(noise, cuts: cuts).refusal)
      var changed = sample
      for _ in 0..<3 { changed[Int.random(in: changed.indices, using: &random)] = noise[0] }
      let cut = Int.random(in: changed.indices, using: &random)
      #expect(RequestOutcome(changed).messages == RequestOutcome(changed, cuts: [cut]).messages, "seed \(seed)")
    }
  }

  @Test("reserves no memory for a length that is only declared", arguments: [false, true])
  func declaredLength(isChunked: Bool) throws {
    let rest = isChunked ? "Transfer-Encoding: chunked\r\n\r\n200000\r\n" : "Content-Length: 2097152\r\n\r\n"
    var parser = RequestParser()
    var input = RingBuffer()
    input.write("POST / HTTP/1.1\r\nHost: x\r\n\(rest)x")
    let isComplete = try parser.parseHead(in: &input)
    parser.takeHead(from: &input)
    let part = try parser.nextBodyPart(in: &input)
    #expect(isComplete && part == .bytes(1))
    #expect(input.capacity <= 4096)
  }
}
