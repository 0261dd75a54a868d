import RingBuffer
import TestSupport
import Testing

@testable import RedisEngine

@Suite("The redis example's parser")
struct RedisParserTests {
  /// Requests and their arguments.
  static let valid: [(bytes: String, words: [String])] = [
    ("*1\r\n$4\r\nPING\r\n", ["PING"]),
    ("*2\r\n$3\r\nGET\r\n$0\r\n\r\n", ["GET", ""]),
    ("*3\r\n$3\r\nSET\r\n$5\r\na\r\nbc\r\n$12\r\n*1\r\n$4\r\nPING\r\n", ["SET", "a\r\nbc", "*1\r\n$4\r\nPING"]),
    ("PING\r\n", ["PING"]),
    ("SET 'a b' \"\\x41\\n\"\n", ["SET", "a b", "A\n"]),
    ("*0\r\n", []), ("*-5\r\n", []), ("\r\n", []),
    ("*12\r\n" + String(repeating: "$2\r\nab\r\n", count: 12), Array(repeating: "ab", count: 12)),
  ]

  /// Feeds pieces to one parser, and takes the requests as they become complete.
  private func parse(_ pieces: [[UInt8]], in ring: inout RingBuffer) -> [[String]] {
    var parser = RequestParser()
    var found: [[String]] = []
    for piece in pieces {
      ring.write(piece)
      while true {
        ring.makeContiguous()
        let outcome = parser.parse(Bytes(_bytes: ring.readable.first))
        guard case .request(let byteCount) = outcome else {
          if case .failure(let error) = outcome { found.append([text(error.text)]) }
          break
        }
        let source = parser.isInline ? parser.words : copy(ring)
        var words: [String] = []
        for index in parser.arguments.indices {
          let range = parser.arguments[index]
          words.append(text(source[range.offset..<range.offset + range.count]))
        }
        found.append(words)
        ring.discard(byteCount)
      }
    }
    return found
  }

  private func copy(_ ring: borrowing RingBuffer) -> [UInt8] { (0..<ring.count).map { ring[$0] } }

  @Test("a request is the same wherever it is cut in two, and wherever it wraps around")
  func everySplit() {
    for (request, words) in Self.valid {
      let bytes = Array(request.utf8)
      for cut in 0...bytes.count {
        var ring = RingBuffer(minimumCapacity: 64)
        // Start somewhere in the middle of the storage.
        ring.write([UInt8](repeating: 0, count: 60))
        ring.write([0])
        ring.discard(60)
        defer { ring.removeAll() }
        ring.discard(1)
        let found = parse([Array(bytes[..<cut]), Array(bytes[cut...])], in: &ring)
        #expect(found == [words], "\(request.debugDescription) cut at \(cut)")
        let rest = ring.count
        #expect(rest == 0)
      }
    }
  }

  @Test("a pipeline comes out the same byte by byte as at once")
  func byteByByte() {
    let bytes = Self.valid.flatMap { Array($0.bytes.utf8) }
    var ring = RingBuffer()
    #expect(parse(bytes.map { [$0] }, in: &ring) == Self.valid.map(\.words))
    #expect(parse([bytes], in: &ring) == Self.valid.map(\.words))
  }

  @Test("a truncated request is neither run nor refused")
  func truncated() {
    for (request, _) in Self.valid {
      let bytes = Array(request.utf8)
      for count in 0..<bytes.count {
        var ring = RingBuffer()
        #expect(parse([Array(bytes[..<count])], in: &ring) == [])
        let rest = ring.count
        #expect(rest == count)
      }
    }
  }

  @Test(
    "lengths and counts past the limits, and what is none, are refused",
    arguments: [
      ("*2147483648\r\n", "invalid multibulk length"), ("*99999999999999999999\r\n", "invalid multibulk length"),
      ("*a\r\n", "invalid multibulk length"), ("*\r\n", "invalid multibulk length"),
      ("*01\r\n", "invalid multibulk length"),
      ("*1\r\n$536870913\r\n", "invalid bulk length"), ("*1\r\n$-1\r\n", "invalid bulk length"),
      ("*1\r\n$\r\n", "invalid bulk length"), ("*1\r\n$9223372036854775808\r\n", "invalid bulk length"),
      ("*1\r\n+1\r\n", "expected '$', got '+'"), ("a 'b\n", "unbalanced quotes in request"),
      ("a \"b\"c\n", "unbalanced quotes in request"),
    ])
  func refused(request: String, reason: String) {
    var ring = RingBuffer()
    #expect(parse([Array(request.utf8)], in: &ring) == [["ERR Protocol error: \(reason)"]])
  }

  @Test("a line without an end is refused past 64 KiB", arguments: ["a", "*1", "*1\r\n$1"])
  func endless(start: String) {
    var ring = RingBuffer()
    let bytes = Array(start.utf8) + [UInt8](repeating: UInt8(ascii: "1"), count: 65_000)
    #expect(parse([bytes], in: &ring) == [])
    let more = parse([[UInt8](repeating: UInt8(ascii: "1"), count: 1000)], in: &ring)
    #expect(more.count == 1 && more[0][0].contains("Protocol error: too big"))
  }

  @Test("a declared length reserves nothing", arguments: ["*1\r\n$536870912\r\n", "*2147483647\r\n"])
  func declared(request: String) {
    var ring = RingBuffer()
    #expect(parse([Array(request.utf8)], in: &ring) == [])
    let capacity = ring.capacity
    #expect(capacity <= 64)
  }

  @Test("random bytes are parsed to an end, whatever they are", arguments: 0..<20)
  func random(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let alphabet = Array("*$0123456789\r\n\r\n \"'\\xPING".utf8) + [0, 255]
    for _ in 0..<200 {
      var ring = RingBuffer()
      let bytes = (0..<Int.random(in: 0..<200, using: &random)).map { _ in alphabet.randomElement(using: &random)! }
      let cut = Int.random(in: 0...bytes.count, using: &random)
      var pieces = RingBuffer()
      let whole = parse([bytes], in: &ring)
      let cutUp = parse([Array(bytes[..<cut]), Array(bytes[cut...])], in: &pieces)
      // Up to the first refusal, after which a connection is closed.
      let end = whole.firstIndex { $0.first?.hasPrefix("ERR Protocol") == true } ?? whole.endIndex
      #expect(Array(whole.prefix(end)) == Array(cutUp.prefix(end)), "seed \(seed): \(bytes)")
    }
  }
}
