internal import RingBuffer

/// The places of the parts of a head, as offsets from its first byte, and the facts that its fields tell.
protocol MessageIndex: Sendable {
  var isHTTP10: Bool { get }
  var persistence: Persistence { get set }
  /// The end of the empty line.
  var end: Int { get set }
  var framing: BodyFraming { get set }

  init()

  /// Parses the first line of a head.
  init(startLine line: HTTPLine) throws(Refusal)

  /// Parses a field line.
  static func addField(_ line: HTTPLine, to facts: inout HeadFacts) throws(Refusal)
}

/// The parsing that requests and responses have in common.
struct MessageParser<Index: MessageIndex>: ~Copyable {
  private var lines: LineSearch
  var body: BodyParser
  private(set) var index = Index()
  private var facts = HeadFacts()
  /// Whether the head at the start of the input is complete.
  private var isHeadComplete = false

  init(_ limits: HTTPLimits) {
    lines = LineSearch(limits)
    body = BodyParser(limit: limits.body)
  }

  var limits: HTTPLimits { lines.limits }

  /// Whether a line of the current head has been found, and the head has not been taken.
  @inline(__always)
  var isInHead: Bool { lines.headByteCount > 0 }

  // MARK: Heads

  /// Parses up to the end of the head at the start of the input.
  ///
  /// - Parameter finish: Stores the framing of the body, and further facts, once all fields are known.
  /// - Returns: whether the head is complete.
  @inline(__always)
  mutating func parseHead(
    in input: inout RingBuffer, finish: (inout Index, HeadFacts) throws(Refusal) -> Void
  ) throws(Refusal) -> Bool {
    if isHeadComplete { return true }
    if input.isEmpty { return false }
    input.makeContiguous()
    let bytes = Span<UInt8>(_bytes: input.readable.first)
    while let range = try lines.nextHeadLine(in: HTTPLine(bytes)) {
      let line = unsafe HTTPLine(bytes.extracting(unchecked: range))
      if range.lowerBound == 0 {
        index = try Index(startLine: line)
        facts = HeadFacts(isHTTP10: index.isHTTP10)
      } else if range.isEmpty {
        index.end = lines.headByteCount
        index.persistence = facts.persistence
        try finish(&index, facts)
        body.limit = limits.body
        isHeadComplete = true
        return true
      } else {
        try Index.addField(line, to: &facts)
      }
    }
    return false
  }

  /// The bytes of the head at the start of the input, once it is complete.
  @_lifetime(borrow input)
  func head(in input: borrowing RingBuffer) -> Span<UInt8> {
    precondition(isHeadComplete, "head: the head is not complete")
    let bytes = Span<UInt8>(_bytes: input.readable.first.extracting(first: index.end))
    return unsafe _overrideLifetime(bytes, borrowing: input)
  }

  /// Takes the complete head out of the input, and begins the body that the head announces, or the next head.
  mutating func takeHead(from input: inout RingBuffer) {
    precondition(isHeadComplete, "takeHead: the head is not complete")
    input.discard(index.end)
    isHeadComplete = false
    lines.endHead()
    body.begin(index.framing)
  }

  // MARK: Bodies

  /// Looks for the next part of the body, and takes the framing in front of it.
  mutating func nextBodyPart(in input: inout RingBuffer) throws(Refusal) -> BodyPart {
    try body.nextPart(in: &input, &lines)
  }

  /// Takes bytes of the body out of the input.
  mutating func takeBody(_ count: Int, from input: inout RingBuffer) {
    body.noteTaken(count)
    input.discard(count)
  }

  /// Moves bytes of the body to a buffer.
  mutating func moveBody(_ count: Int, from input: inout RingBuffer, to buffer: inout RingBuffer) {
    body.noteTaken(count)
    input.read(count, into: &buffer)
  }
}
