import HTTPTypes
import RingBuffer

@testable import GnetHTTP

/// The outcome of parsing a stream of requests.
typealias RequestOutcome = ParserOutcome<RequestSummary>

struct RequestSummary: MessageSummary {
  var method: HTTPRequest.Method
  var path: String
  var persistence = Persistence.keepAlive
  var body: [UInt8] = []
}

extension RequestOutcome {
  init(_ bytes: [UInt8], cuts: [Int] = [], limits: HTTPLimits = .init(), rotation: Int? = nil) {
    self.init(bytes, RequestParser(limits: limits), cuts: cuts, rotation: rotation)
  }

  init(_ text: String, limits: HTTPLimits = .init()) { self.init(Array(text.utf8), limits: limits) }
}

extension RequestParser: MessageParser {
  mutating func nextHead(in input: inout RingBuffer) throws(Refusal) -> RequestSummary? {
    guard try parseHead(in: &input) else { return nil }
    let summary: RequestSummary
    do {
      let head = head(in: input)
      summary = RequestSummary(method: head.method, path: head.path, persistence: head.index.persistence)
    }
    takeHead(from: &input)
    return summary
  }

  /// Does nothing: no request ends with its connection.
  mutating func endInput() {}
}
