public import Gnet
internal import RingBuffer

/// The body of an answer that is sent as it is made, for use from any thread. See
/// ``Response/streaming(_:type:fields:length:_:)``.
///
/// Dropping it before ``finish()`` cuts the answer off.
public final class ResponseBody: Sendable {
  private let channel: AnswerChannel
  private let isChunked: Bool

  init(_ channel: AnswerChannel, isChunked: Bool) {
    self.channel = channel
    self.isChunked = isChunked
  }

  deinit { abort() }

  /// Writes bytes, unless 64 KiB wait already.
  ///
  /// - Returns: `.full` if the bytes were not taken; ``write(_:)-([UInt8])`` waits instead. `.gone` if the client has gone or
  ///   the body is over.
  /// - Precondition: a body of known length has no more bytes than that.
  public func offer(_ bytes: RawSpan) -> ConnectionHandle.Offer {
    var outcome = ConnectionHandle.Offer.taken
    channel.change { state in
      if state.failure != nil || state.isFinished || state.isAborted {
        outcome = .gone
        return false
      }
      if bytes.isEmpty { return false }
      if state.output.count >= AnswerChannel.outputLimit {
        outcome = .full
        return false
      }
      if let remaining = state.remaining {
        precondition(bytes.byteCount <= remaining, "ResponseBody: more bytes than the length of the answer")
        state.remaining = remaining - bytes.byteCount
      }
      if isChunked { state.output.write(String(bytes.byteCount, radix: 16) + "\r\n") }
      state.output.write(bytes)
      if isChunked { state.output.write("\r\n") }
      return true
    }
    return outcome
  }

  /// Writes bytes, unless 64 KiB wait already.
  public func offer(_ bytes: [UInt8]) -> ConnectionHandle.Offer { unsafe offer(bytes.span.bytes) }

  /// Writes the text's UTF-8, unless 64 KiB wait already.
  public func offer(_ text: String) -> ConnectionHandle.Offer {
    var text = text
    return text.withUTF8 { unsafe offer($0.span.bytes) }
  }

  /// Writes bytes. Waits before, while too many wait already.
  ///
  /// - Throws: what has ended the connection, or `CancellationError` if the body is over.
  public func write(_ bytes: [UInt8]) async throws {
    while true {
      switch offer(bytes) {
      case .taken: return
      case .full: await channel.waitUntilTaken()
      case .gone: throw channel.withState { $0.failure } ?? CancellationError()
      }
    }
  }

  /// Writes the text's UTF-8. Waits before, while too many bytes wait already.
  public func write(_ text: String) async throws { try await write(Array(text.utf8)) }

  /// Ends the body. A body of known length that has fewer bytes is cut off.
  public func finish() {
    channel.change { state in
      if state.isFinished || state.isAborted { return false }
      if state.remaining ?? 0 > 0 {
        state.isAborted = true
      } else {
        if isChunked { state.output.write("0\r\n\r\n") }
        state.isFinished = true
      }
      return true
    }
  }

  /// Cuts the answer off: the connection closes without the end of the body, so that the client does not take it for
  /// whole.
  public func abort() {
    channel.change { state in
      if state.isFinished || state.isAborted { return false }
      state.isAborted = true
      return true
    }
  }

  /// Has a task write the body. The task runs on the connection's loop: at once, up to the first time that it waits.
  func write(by body: @escaping @Sendable (ResponseBody) async throws -> Void) {
    channel.cancelAtEnd(
      Task.immediate(executorPreference: channel.loop) { [self] in
        do {
          try await body(self)
          finish()
        } catch {
          channel.report(error)
          abort()
        }
      })
  }
}
