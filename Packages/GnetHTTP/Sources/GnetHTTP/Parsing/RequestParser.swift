public import RingBuffer

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
  private var message: MessageParser<HeadIndex>
  /// Whether an empty line was skipped before this request.
  private var hasSkippedLine = false

  /// Creates a parser for a connection.
  public init(limits: HTTPLimits = HTTPLimits()) { message = MessageParser(limits) }

  /// The limits of requests.
  public var limits: HTTPLimits { message.limits }

  /// The most bytes of the current body; with each head, that of ``limits``. A caller lowers or raises it before it asks
  /// for the body.
  public var bodyLimit: Int {
    get { message.body.limit }
    set { message.body.limit = newValue }
  }

  /// Whether the next byte that is not taken yet belongs to a head.
  public var isBetweenRequests: Bool { body.isOver }

  /// The places and facts of the current head.
  var index: HeadIndex { message.index }

  /// The current body.
  var body: BodyParser { message.body }

  /// Whether bytes of a body are still to come before the first of them has been taken: the time to send a
  /// `100 Continue`, if the client waits for it.
  var isBeforeBody: Bool { body.isUntouched }

  /// Whether the current request is known to be a HEAD, whose answer has no body.
  var isHead: Bool { index.method == .head && (message.isInHead || !isBetweenRequests) }

  // MARK: Heads

  /// Parses up to the end of the head at the start of the input.
  ///
  /// - Returns: whether the head is complete. It stays in the input, in one piece, until ``takeHead(from:)``.
  /// - Throws: the refusal of the request. The parser is of no use then.
  /// - Precondition: the body of the request before has been taken to its end.
  public mutating func parseHead(in input: inout RingBuffer) throws(Refusal) -> Bool {
    precondition(isBetweenRequests, "RequestParser.parseHead: the body of the request before has not been taken")
    if !message.isInHead, !input.isEmpty, input[0] == .carriageReturn, !skipEmptyLine(in: &input) { return false }
    let limit = limits.body
    return try message.parseHead(in: &input) { index, facts throws(Refusal) in
      index.framing = try facts.framing(limit: limit)
      index.expectsContinue = facts.expectsContinue
    }
  }

  /// Skips the empty line that some clients send behind a body: RFC 9112, 2.2.
  ///
  /// - Returns: whether there is more to parse.
  @inline(never)
  private mutating func skipEmptyLine(in input: inout RingBuffer) -> Bool {
    if input.count == 1 { return false }
    if hasSkippedLine || input[1] != .lineFeed { return true }
    hasSkippedLine = true
    input.discard(2)
    return !input.isEmpty
  }

  /// The head at the start of the input, once it is complete.
  @_lifetime(borrow input)
  public func head(in input: borrowing RingBuffer) -> RequestHead {
    RequestHead(message.head(in: input), message.index)
  }

  /// Takes the complete head out of the input. The body follows, if there is one.
  public mutating func takeHead(from input: inout RingBuffer) {
    message.takeHead(from: &input)
    hasSkippedLine = false
  }

  // MARK: Bodies

  /// The outcome of looking for a body.
  public typealias BodyPart = GnetHTTP.BodyPart

  /// Looks for the next part of the body, and takes the framing in front of it.
  ///
  /// - Throws: the refusal of the request. The parser is of no use then.
  public mutating func nextBodyPart(in input: inout RingBuffer) throws(Refusal) -> BodyPart {
    try message.nextBodyPart(in: &input)
  }

  /// Takes bytes of the body out of the input, at most as many as ``nextBodyPart(in:)`` has told.
  public mutating func takeBody(_ count: Int, from input: inout RingBuffer) { message.takeBody(count, from: &input) }

  /// Moves bytes of the body to a buffer, at most as many as ``nextBodyPart(in:)`` has told.
  public mutating func moveBody(_ count: Int, from input: inout RingBuffer, to body: inout RingBuffer) {
    message.moveBody(count, from: &input, to: &body)
  }
}
