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
    let isTaken = channel.withState { state in
      guard state.failure == nil else { return false }
      state.response = response
      return true
    }
    if isTaken { channel.wake() }
    return isTaken
  }

  /// Has a task give the answer.
  func answer(by body: @escaping @Sendable () async throws -> Response) {
    channel.run { [self] in
      do {
        send(try await body())
      } catch let refusal as Refusal {
        send(Response(refusal))
      } catch {
        channel.report(error)
        send(.failure)
      }
    }
  }
}
