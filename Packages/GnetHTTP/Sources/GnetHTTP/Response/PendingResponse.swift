internal import Synchronization

/// A request that waits for its answer, for use from any thread. See ``Response/later(_:)``.
///
/// Dropping it without an answer gives the client `500 Internal Server Error`.
public final class PendingResponse: Sendable {
  private let channel: AnswerChannel
  private let isAnswered = Atomic<Bool>(false)

  init(_ channel: AnswerChannel) { self.channel = channel }

  deinit { send(.failure) }

  /// Gives the answer. Only the first call counts.
  ///
  /// - Returns: whether the answer is on its way; `false` if there was one already, and if the client has gone.
  @discardableResult
  public func send(_ response: Response) -> Bool {
    guard !isAnswered.exchange(true, ordering: .relaxed) else { return false }
    return channel.send(response)
  }
}
