import HTTPSupport
import RingBuffer

/// The outcome of parsing a stream.
struct ParserOutcome: Equatable {
  struct Summary: Equatable {
    var method: HTTPSupport.Method
    var path: String
    var persistence = Persistence.open
    var body: [UInt8] = []
  }

  var requests: [Summary] = []
  var refusal: Refusal?
  /// Whether the stream may end here.
  var isBetweenRequests = true
  /// The bytes that were not taken.
  var unread: [UInt8] = []

  /// Parses `bytes`, cut at `cuts`.
  ///
  /// - Parameter rotation: Where in a ring of small capacity the first byte lies, so that lines wrap around its end.
  init(_ bytes: [UInt8], cuts: [Int] = [], limits: HTTPParser.Limits = .init(), rotation: Int? = nil) {
    var parser = HTTPParser(limits: limits)
    var input = RingBuffer()
    if let rotation {
      input.write([UInt8](repeating: 0, count: rotation + 1))
      input.discard(rotation)
    }
    var start = 0
    do throws(Refusal) {
      for end in cuts + [bytes.count] {
        input.write(bytes[start..<end])
        // With a byte left behind the ring goes on from where it was and does not start over.
        if rotation != nil && start == 0 { input.discard(1) }
        start = end
        while var request = try parser.next(from: &input) {
          requests.append(
            Summary(
              method: request.method, path: request.path, persistence: request.persistence,
              body: request.body.readAll()))
        }
      }
    } catch {
      refusal = error
    }
    isBetweenRequests = parser.isBetweenRequests
    unread = input.readAll()
  }

  init(_ text: String, limits: HTTPParser.Limits = .init()) { self.init(Array(text.utf8), limits: limits) }
}

/// A request of HTTP/1.1 without a body.
func get(_ target: String, _ fields: String = "") -> String { "GET \(target) HTTP/1.1\r\nHost: x\r\n\(fields)\r\n" }

/// A request of HTTP/1.1 with a body in chunks.
func post(chunks: String, _ fields: String = "") -> String {
  "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\(fields)\r\n\(chunks)"
}
