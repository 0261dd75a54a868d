public import HTTPTypes
public import RingBuffer

/// Parses responses in a stream of bytes that arrives in pieces of any size. It does no input or output: a client, a proxy or a
/// health check brings the bytes.
///
/// Follows RFC 9112 as strictly as ``RequestParser`` does, and shares its parsing of fields and bodies. The method of the request
/// tells whether a response has a body:
///
/// ```swift
/// func parse(_ input: inout RingBuffer, with parser: inout ResponseParser) throws(Refusal) {
///   while try parser.parseHead(in: &input, to: .get) {
///     print(parser.head(in: input).status)
///     parser.takeHead(from: &input)
///     while case .bytes(let count) = try parser.nextBodyPart(in: &input) {
///       parser.takeBody(count, from: &input)
///     }
///   }
/// }
/// ```
///
/// A ``Refusal`` has the status `502 Bad Gateway`, with which a gateway answers its own client. The parser is of no use then,
/// and the connection is to be closed.
public struct ResponseParser: ~Copyable {
  private var message: MessageParser<ResponseIndex>
  private var isInputEnded = false

  /// Creates a parser for a connection.
  public init(limits: HTTPLimits = HTTPLimits()) { message = MessageParser(limits) }

  /// The limits of responses.
  public var limits: HTTPLimits { message.limits }

  /// The most bytes of the current body; with each head, that of ``limits``. A caller lowers or raises it before it asks
  /// for the body.
  public var bodyLimit: Int {
    get { message.body.limit }
    set { message.body.limit = newValue }
  }

  /// Whether the next byte that is not taken yet belongs to a head.
  public var isBetweenResponses: Bool { message.body.isOver }

  /// Takes in that the server has ended its stream, behind the bytes in the input. A body that ends with the connection is over
  /// then; a response that is not complete is refused by the next call.
  public mutating func endInput() { isInputEnded = true }

  // MARK: Heads

  /// Parses up to the end of the head at the start of the input.
  ///
  /// - Parameters:
  ///   - input: the bytes that have arrived.
  ///   - method: the method of the request that the response answers: the same in all calls for one response.
  /// - Returns: whether the head is complete. It stays in the input, in one piece, until ``takeHead(from:)``.
  /// - Precondition: the body of the response before has been taken to its end.
  public mutating func parseHead(in input: inout RingBuffer, to method: HTTPRequest.Method) throws(Refusal) -> Bool {
    precondition(isBetweenResponses, "ResponseParser.parseHead: the body of the response before has not been taken")
    let limit = limits.body
    let isComplete: Bool
    do throws(Refusal) {
      isComplete = try message.parseHead(in: &input) { index, facts throws(Refusal) in
        index.framing = try facts.framing(ofResponse: index.code, to: method, limit: limit)
      }
    } catch {
      throw error.ofResponse
    }
    if isInputEnded, !isComplete, !input.isEmpty { throw .responseCutShort }
    return isComplete
  }

  /// The head at the start of the input, once it is complete.
  @_lifetime(borrow input)
  public func head(in input: borrowing RingBuffer) -> ResponseHead {
    ResponseHead(message.head(in: input), message.index)
  }

  /// Takes the complete head out of the input. The body follows, if there is one.
  public mutating func takeHead(from input: inout RingBuffer) { message.takeHead(from: &input) }

  // MARK: Bodies

  /// Looks for the next part of the body, and takes the framing in front of it.
  public mutating func nextBodyPart(in input: inout RingBuffer) throws(Refusal) -> BodyPart {
    let part: BodyPart
    do throws(Refusal) {
      part = try message.nextBodyPart(in: &input)
    } catch {
      throw error.ofResponse
    }
    guard part == .incomplete, isInputEnded else { return part }
    guard message.body.endsWithConnection else { throw .responseCutShort }
    message.body.end()
    return .end
  }

  /// Takes bytes of the body out of the input, at most as many as ``nextBodyPart(in:)`` has told.
  public mutating func takeBody(_ count: Int, from input: inout RingBuffer) { message.takeBody(count, from: &input) }

  /// Moves bytes of the body to a buffer, at most as many as ``nextBodyPart(in:)`` has told.
  public mutating func moveBody(_ count: Int, from input: inout RingBuffer, to body: inout RingBuffer) {
    message.moveBody(count, from: &input, to: &body)
  }
}
