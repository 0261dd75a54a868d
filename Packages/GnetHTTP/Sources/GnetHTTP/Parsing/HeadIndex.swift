/// The places of a head's parts, as offsets from its first byte, and the facts that its fields tell.
struct HeadIndex: MessageIndex {
  var method = KnownMethod.other
  var isHTTP10 = false
  var persistence = Persistence.keepAlive
  var expectsContinue = false
  var methodEnd = 0
  /// The path without the query. In a target without a path, a slash of the target stands for it.
  var path = 0..<0
  /// The question mark in front of the query, or the end of the target.
  var queryStart = 0
  var targetEnd = 0
  /// The start of the first field line.
  var fieldsStart = 0
  var end = 0
  var framing = BodyFraming.none

  @inline(__always)
  static func addField(_ line: HTTPLine, to facts: inout HeadFacts) throws(Refusal) { try facts.addField(line) }

  var target: Range<Int> { methodEnd + 1..<targetEnd }

  /// The query; `nil` if there is no question mark.
  var query: Range<Int>? { queryStart < targetEnd ? queryStart + 1..<targetEnd : nil }
}

/// The framing of a message's body.
public enum BodyFraming: Sendable, Hashable {
  /// There is no body.
  case none
  /// A body of a known number of bytes, at least one.
  case length(Int)
  /// A body in chunks, whose length is known at its end.
  case chunked
  /// A response's body that ends with the connection.
  case untilClose
}

/// The state of a connection after an answer.
enum Persistence: Sendable, Hashable {
  /// The connection stays open, as is usual in HTTP/1.1.
  case keepAlive
  /// The connection stays open, and the answer says so: an HTTP/1.0 client has asked for it.
  case keepAliveAnnounced
  /// The connection closes.
  case close

  /// The end of the head, with a field Connection if one is needed.
  var endOfHead: StaticString {
    switch self {
    case .keepAlive: "\r\n"
    case .keepAliveAnnounced: "Connection: keep-alive\r\n\r\n"
    case .close: "Connection: close\r\n\r\n"
    }
  }
}

/// A method that is registered with IANA and in common use, or any other.
enum KnownMethod: UInt8, Sendable, CaseIterable {
  case get, head, post, put, delete, options, trace, patch, connect, other

  init(_ line: HTTPLine, _ range: Range<Int>) {
    self =
      switch range.count {
      case 3 where line.equals("GET", in: range): .get
      case 3 where line.equals("PUT", in: range): .put
      case 4 where line.equals("HEAD", in: range): .head
      case 4 where line.equals("POST", in: range): .post
      case 5 where line.equals("PATCH", in: range): .patch
      case 5 where line.equals("TRACE", in: range): .trace
      case 6 where line.equals("DELETE", in: range): .delete
      case 7 where line.equals("OPTIONS", in: range): .options
      case 7 where line.equals("CONNECT", in: range): .connect
      default: .other
      }
  }
}
