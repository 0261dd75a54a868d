/// A request whose body has not been taken, or whose answer has not been sent, and the answer's state.
///
/// A request without a body that is answered at once needs none.
final class Exchange {
  /// The state of the answer.
  enum Answer {
    case isDue
    /// The body of the answer is being sent.
    case isStreaming
    case isDone
  }

  let isHead: Bool
  let isHTTP10: Bool
  /// The state of the connection after the answer, as the client asks for it.
  var persistence: Persistence
  var answer = Answer.isDue
  /// The taker of the body; `nil` when the body has been taken.
  var sink: BodySink?
  /// The way of a later answer.
  var channel: AnswerChannel?
  /// Whether a later answer has just begun, so that it may be there already.
  var hasBegun = false
  /// Whether the client still waits for a `100 Continue`.
  var expectsContinue: Bool

  init(_ index: HeadIndex) {
    isHead = index.method == .head
    isHTTP10 = index.isHTTP10
    persistence = index.persistence
    expectsContinue = index.expectsContinue
  }

  var isOver: Bool { answer == .isDone && sink == nil }

  /// Whether the rest of the request is waited for.
  var waitsForClient: Bool { sink?.wantsMore ?? false }

  /// Tells all who take part that the exchange has ended.
  func end(_ error: any Error) {
    sink?.fail(error)
    sink = nil
    channel?.end(error)
    channel = nil
  }
}
