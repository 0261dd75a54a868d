internal import Gnet
internal import RingBuffer
internal import Synchronization

/// The way of a body from the session to the task that reads it.
final class BodyChannel: Sendable {
  private struct State {
    /// The last part. Its memory is that of the next part as well, if the task has dropped the last one by then: memory that is
    /// freed and allocated with each part is given back to the system and fetched again.
    var part: [UInt8] = []
    /// Whether the task has yet to take the part.
    var hasPart = false
    /// Whether the task waits for a part.
    var isAsked = false
    var isEnded = false
    var failure: (any Error)?
    var reader: Suspension?
  }

  private let handle: ConnectionHandle
  private let state = Mutex(State())

  init(_ handle: ConnectionHandle) { self.handle = handle }

  /// Waits for the next part; `nil` at the end.
  func next() async throws -> [UInt8]? {
    while true {
      let outcome: Result<[UInt8]?, any Error>? = state.withLock { state in
        if state.hasPart {
          state.hasPart = false
          defer { if state.isEnded { state.part = [] } }
          return .success(state.part)
        }
        if let failure = state.failure { return .failure(failure) }
        if state.isEnded { return .success(nil) }
        return nil
      }
      if let outcome { return try outcome.get() }
      await Suspension.wait { reader in ask(reader) }
    }
  }

  private func ask(_ reader: Suspension) {
    let mustWait = state.withLock { state in
      precondition(state.reader == nil, "RequestBody: another task is reading already")
      if state.hasPart || state.isEnded || state.failure != nil { return false }
      state.isAsked = true
      state.reader = reader
      return true
    }
    if mustWait { handle.wake() } else { reader.resume() }
  }

  // MARK: Session

  var isAsked: Bool { state.withLock { $0.isAsked } }

  /// Hands the first bytes of the input over.
  func put(_ count: Int, of input: borrowing RingBuffer) {
    let segments = input.readable(prefix: count)
    change { state in
      state.part.removeAll(keepingCapacity: true)
      state.part.reserveCapacity(count)
      unsafe segments.first.withUnsafeBytes { unsafe state.part.append(contentsOf: $0) }
      unsafe segments.second.withUnsafeBytes { unsafe state.part.append(contentsOf: $0) }
      state.hasPart = true
    }
  }

  func end() { change { $0.isEnded = true } }
  func fail(_ error: any Error) { change { $0.failure = $0.failure ?? error } }

  /// Makes a change, and lets the task go on that waits for it.
  private func change(_ body: (inout State) -> Void) {
    let reader = state.withLock { state in
      body(&state)
      state.isAsked = false
      return state.reader.take()
    }
    reader?.resume()
  }
}

/// Gives a body to a task, a part whenever the task asks.
final class AsyncSink: BodySink {
  private let channel: BodyChannel

  init(_ channel: BodyChannel) { self.channel = channel }

  override var wantsMore: Bool { channel.isAsked }

  override func take(_ count: Int, of input: inout RingBuffer, _ parser: inout RequestParser) throws(Refusal) {
    channel.put(count, of: input)
    parser.takeBody(count, from: &input)
  }

  override func finish() throws(Refusal) -> Response? {
    channel.end()
    return nil
  }

  override func fail(_ error: any Error) { channel.fail(error) }
}
