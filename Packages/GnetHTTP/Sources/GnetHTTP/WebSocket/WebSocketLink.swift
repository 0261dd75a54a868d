internal import Synchronization

/// The part of a connection that its handler and other threads share: whether a close has been sent.
final class WebSocketLink: Sendable {
  private let closing = Atomic<Bool>(false)

  var isClosing: Bool { closing.load(ordering: .relaxed) }

  /// Claims the right to send the close. Returns whether the caller has it.
  func beginClosing() -> Bool { !closing.exchange(true, ordering: .relaxed) }
}
