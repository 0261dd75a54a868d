/// A task that waits. To be resumed once: that is not checked, which would cost an allocation.
@safe
struct Suspension: Sendable {
  private let continuation: UnsafeContinuation<Void, Never>

  /// Has the current task wait until the suspension is resumed that `body` gets.
  static func wait(_ body: (Suspension) -> Void) async {
    await unsafe withUnsafeContinuation { unsafe body(Suspension(continuation: $0)) }
  }

  func resume() { unsafe continuation.resume() }
}
