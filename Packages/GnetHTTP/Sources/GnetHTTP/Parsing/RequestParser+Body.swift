public import RingBuffer

extension RequestParser {
  /// The outcome of looking for a body.
  public typealias BodyPart = GnetHTTP.BodyPart

  /// Looks for the next part of the body, and takes the framing in front of it.
  ///
  /// - Throws: the refusal of the request. The parser is of no use then.
  public mutating func nextBodyPart(in input: inout RingBuffer) throws(Refusal) -> BodyPart {
    try body.nextPart(in: &input, &lines)
  }

  /// Takes bytes of the body out of the input, at most as many as ``nextBodyPart(in:)`` has told.
  public mutating func takeBody(_ count: Int, from input: inout RingBuffer) {
    body.noteTaken(count)
    input.discard(count)
  }

  /// Moves bytes of the body to a buffer, at most as many as ``nextBodyPart(in:)`` has told.
  public mutating func moveBody(_ count: Int, from input: inout RingBuffer, to body: inout RingBuffer) {
    self.body.noteTaken(count)
    input.read(count, into: &body)
  }
}
