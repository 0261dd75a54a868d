internal import RingBuffer

/// The taker of a request's body, on the connection's loop.
class BodySink {
  /// Whether more of the body may come now. Otherwise it is left to the kernel.
  var wantsMore: Bool { true }
  /// Whether the request's time starts anew with each part, since the body may take long.
  var isStream: Bool { true }

  /// Takes bytes of the body at the start of the input.
  func take(_ count: Int, of input: inout RingBuffer, _ parser: inout RequestParser) throws(Refusal) {
    parser.takeBody(count, from: &input)
  }

  /// Takes in that the body is complete. Returns the answer, unless it comes from elsewhere.
  func finish() throws(Refusal) -> Response? { nil }

  /// Takes in that the body will not be completed.
  func fail(_ error: any Error) {}
}

/// Drops the body of a request that was answered without it.
final class DiscardingSink: BodySink {
  override var isStream: Bool { false }
}

/// Leaves the body of a request that waits for its answer where it is.
final class UnwantedSink: BodySink {
  override var wantsMore: Bool { false }
}

/// Collects a body.
final class CollectingSink: BodySink {
  private var body = RingBuffer()
  private let answer: @Sendable (inout RingBuffer) throws(Refusal) -> Response

  init(_ answer: @escaping @Sendable (inout RingBuffer) throws(Refusal) -> Response) { self.answer = answer }

  override var isStream: Bool { false }

  override func take(_ count: Int, of input: inout RingBuffer, _ parser: inout RequestParser) throws(Refusal) {
    parser.moveBody(count, from: &input, to: &body)
  }

  override func finish() throws(Refusal) -> Response? { try answer(&body) }
}

/// Gives a body to a program's receiver.
final class ReceivingSink<Receiver: BodyReceiver & ~Copyable>: BodySink {
  private var receiver: Receiver

  init(_ receiver: consuming Receiver) { self.receiver = receiver }

  override func take(_ count: Int, of input: inout RingBuffer, _ parser: inout RequestParser) throws(Refusal) {
    do {
      let segments = input.readable(prefix: count)
      try receiver.receive(Span(_bytes: segments.first))
      if !segments.second.isEmpty { try receiver.receive(Span(_bytes: segments.second)) }
    }
    parser.takeBody(count, from: &input)
  }

  override func finish() throws(Refusal) -> Response? { try receiver.finish() }
}
