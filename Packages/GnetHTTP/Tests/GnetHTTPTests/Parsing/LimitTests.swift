import GnetHTTP
import HTTPTypes
import TestPeers
import Testing

@Suite("The limits of HTTP requests")
struct LimitTests {
  private let limits = HTTPLimits()

  private func repeated(_ count: Int) -> String { String(repeating: "a", count: count) }

  @Test("are those that are promised: 8,000 bytes of request line, 16 KiB of fields and 1 MiB of body at least")
  func promises() {
    #expect(limits.requestLine >= 8000 && limits.requestLine <= 64 << 10)
    #expect(limits.fields >= 16 << 10 && limits.fields <= 64 << 10)
    #expect(limits.body >= 1 << 20 && limits.body <= 16 << 20)
  }

  @Test("the longest request line is accepted, one byte more is 414, also without an end")
  func requestLine() {
    let path = repeated(limits.requestLine - "GET / HTTP/1.1".utf8.count)
    #expect(RequestOutcome(get("/" + path)).messages.map(\.path) == ["/" + path])
    #expect(RequestOutcome(get("/a" + path)).refusal?.status == .uriTooLong)
    #expect(RequestOutcome("GET /" + repeated(limits.requestLine)).refusal?.status == .uriTooLong)
    let unfinished = "GET /" + repeated(limits.requestLine - 5)
    #expect(RequestOutcome(unfinished + "\r").refusal == nil)
    #expect(RequestOutcome(unfinished + "aa").refusal?.status == .uriTooLong)
  }

  @Test(
    "the largest header section is accepted, one byte more is 431, in one field or in many",
    arguments: [1, 2, 100, 5000])
  func fields(count: Int) {
    let host = "Host: x\r\n".utf8.count
    let length = (limits.fields - host) / count
    let short = String(repeating: "a:" + repeated(length - 4) + "\r\n", count: count - 1)
    let last = "a:" + repeated(limits.fields - host - short.utf8.count - 4)
    #expect(RequestOutcome(get("/", short + last + "\r\n")).messages.count == 1)
    #expect(RequestOutcome(get("/", short + last + "a\r\n")).refusal?.status == .requestHeaderFieldsTooLarge)
    // It is refused as soon as it is certain, not only when the line ends.
    let unfinished = "GET / HTTP/1.1\r\nHost: x\r\n" + short + last
    #expect(RequestOutcome(unfinished + "\r").refusal == nil)
    #expect(RequestOutcome(unfinished + "aa").refusal?.status == .requestHeaderFieldsTooLarge)
  }

  @Test("the largest body is accepted, one byte more is 413 before it is read")
  func contentLength() {
    let length = limits.body
    let body = repeated(length)
    #expect(RequestOutcome(get("/", "Content-Length: \(length)\r\n") + body).messages.map(\.body.count) == [length])
    #expect(RequestOutcome(get("/", "Content-Length: \(length + 1)\r\n")).refusal?.status == .contentTooLarge)
  }

  @Test("the same in chunks, when the chunk is declared that is too much")
  func chunks() {
    let half = limits.body / 2
    let size = String(half, radix: 16) + "\r\n"
    let two = (size + repeated(half) + "\r\n") + (size + repeated(half) + "\r\n")
    #expect(RequestOutcome(post(chunks: two + "0\r\n\r\n")).messages.map(\.body.count) == [limits.body])
    #expect(RequestOutcome(post(chunks: two + "1\r\n")).refusal?.status == .contentTooLarge)
  }

  @Test("many small chunks are no offence, many extensions are 431")
  func extensions() {
    let count = limits.fields
    let small = String(repeating: "1\r\na\r\n", count: count)
    #expect(RequestOutcome(post(chunks: small + "0\r\n\r\n")).messages.map(\.body.count) == [count])
    let extended = String(repeating: "1;\(repeated(40))\r\na\r\n", count: count / 20)
    #expect(RequestOutcome(post(chunks: extended)).refusal?.status == .requestHeaderFieldsTooLarge)
    #expect(RequestOutcome(post(chunks: "1;" + repeated(count))).refusal?.status == .requestHeaderFieldsTooLarge)
  }

  @Test("trailers have the limit of a header section of their own")
  func trailers() {
    let fields = "A: " + repeated(limits.fields / 2) + "\r\n"
    let line = "a:" + repeated(limits.fields - 4)
    #expect(RequestOutcome(post(chunks: "0\r\n\(line)\r\n\r\n", fields)).messages.count == 1)
    #expect(
      RequestOutcome(post(chunks: "0\r\n\(line)a\r\n\r\n", fields)).refusal?.status == .requestHeaderFieldsTooLarge)
  }
}
