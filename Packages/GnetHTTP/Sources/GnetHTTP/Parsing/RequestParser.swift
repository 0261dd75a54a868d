internal import RingBuffer

/// Parses requests in a stream of bytes that arrives in pieces of any size. It does no input or output.
///
/// Follows RFC 9112 strictly: leniency lets two programs see two different requests in the same bytes. Lines end with
/// CR LF and nothing else.
///
/// A head stays in the buffer until the caller takes it, so its fields are looked at where they lie. A body is told of in
/// parts, as it arrives, without the framing of chunks:
///
/// ```swift
/// func parse(_ input: inout RingBuffer, with parser: inout RequestParser) throws(Refusal) {
///   while try parser.parseHead(in: &input) {
///     print(parser.head(in: input).path)
///     parser.takeHead(from: &input)
///     while case .bytes(let count) = try parser.nextBodyPart(in: &input) {
///       parser.takeBody(count, from: &input)
///     }
///   }
/// }
/// ```
///
/// No byte is searched twice: a request costs the same in one piece as byte by byte. Memory is used only for the bytes
/// that have arrived: a declared length reserves nothing.
public struct RequestParser: ~Copyable {
  var lines: LineSearch
  var body: BodyParser
  var index = HeadIndex()
  var facts = HeadFacts()
  /// Whether the head at the start of the input is complete.
  var isHeadComplete = false
  /// Whether an empty line was skipped before this request.
  var hasSkippedLine = false

  /// Creates a parser for a connection.
  public init(limits: HTTPLimits = HTTPLimits()) {
    lines = LineSearch(limits)
    body = BodyParser(limit: limits.body)
  }

  /// The limits of requests.
  public var limits: HTTPLimits { lines.limits }

  /// The most bytes of the current body; with each head, that of ``limits``. A caller lowers or raises it before it asks
  /// for the body.
  public var bodyLimit: Int {
    get { body.limit }
    set { body.limit = newValue }
  }

  /// Whether the next byte that is not taken yet belongs to a head.
  public var isBetweenRequests: Bool { body.isOver }

  /// Whether bytes of a body are still to come before the first of them has been taken: the time to send a
  /// `100 Continue`, if the client waits for it.
  var isBeforeBody: Bool { body.isUntouched }

  /// Whether the current request is known to be a HEAD, whose answer has no body.
  var isHead: Bool { index.method == .head && (lines.headByteCount > 0 || !isBetweenRequests) }
}
