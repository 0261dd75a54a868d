import RingBuffer

@testable import RedisEngine

extension FuzzTarget {
  static func redisRequests(_ choices: inout Choices) {
    let seed = choices.byte()
    let stream = outcome(of: choices.rest, cutBy: seed) { RedisRequests($0) }
    var rewritten: [UInt8] = []
    for request in stream.requests { rewritten += RedisRequests.bytes(of: request) }
    let again = RedisRequests(Arrival(whole: rewritten[...]))
    expectEqual(again.requests, stream.requests, "requests that are written anew are others")
    expect(again.failure == nil && again.rest.isEmpty, "requests that are written anew are refused")
  }
}

/// The requests of a stream, and the error that ends it.
struct RedisRequests: Equatable {
  var requests: [[[UInt8]]] = []
  var failure: [UInt8]?
  var rest: [UInt8] = []

  init(_ arrival: Arrival) {
    var parser = RequestParser()
    rest = arrival.feed { input in
      while !input.isEmpty {
        input.makeContiguous()
        switch parser.parse(Bytes(_bytes: input.readable.first)) {
        case .incomplete:
          return true
        case .failure(let error):
          failure = error.text
          return false
        case .request(let byteCount):
          expect(byteCount > 0 && byteCount <= input.count, "a request of \(byteCount) bytes")
          expect(!parser.isPartial, "the parser has begun with another request")
          requests.append(Self.arguments(of: parser, in: input))
          input.discard(byteCount)
        }
      }
      return true
    }
    // The length of a stream that is not parsed any more depends on the pieces.
    if failure != nil { rest = [] }
  }

  private static func arguments(of parser: borrowing RequestParser, in input: borrowing RingBuffer) -> [[UInt8]] {
    let source = parser.isInline ? parser.words : input.peek(input.count)
    return parser.arguments.indices.map { index in
      let range = parser.arguments[index]
      return Array(source[range.offset..<range.offset + range.count])
    }
  }

  /// A request as an array of bulk strings.
  static func bytes(of request: [[UInt8]]) -> [UInt8] {
    let strings = request.flatMap { Array("$\($0.count)\r\n".utf8) + $0 + Array("\r\n".utf8) }
    return Array("*\(request.count)\r\n".utf8) + strings
  }
}
