internal import Logging
internal import RingBuffer

/// The handler of a connection that a task speaks with.
struct AsyncHandler: ConnectionHandler {
  private let channel: AsyncChannel
  private let body: @Sendable (AsyncConnection) async throws -> Void

  init(_ connection: inout Connection, _ body: @escaping @Sendable (AsyncConnection) async throws -> Void) {
    channel = AsyncChannel(connection.handle, on: connection.loop, remoteAddress: connection.remoteAddress)
    self.body = body
  }

  static var isFullDuplex: Bool { true }

  mutating func opened(_ connection: inout Connection) -> Action {
    let (channel, body, loop) = (channel, body, connection.loop)
    channel.setTask(
      Task(executorPreference: loop) {
        channel.becomeOwnTask()
        do {
          try await body(AsyncConnection(channel))
        } catch is CancellationError {
        } catch {
          loop.logger?.error("the task of the connection from \(channel.remoteAddress) failed: \(error)")
        }
        channel.close()
      })
    return .none
  }

  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    channel.offer(&input, isLast: connection.isInputEnded)
    // Held up until somebody reads: see `AsyncChannel.read()`.
    if !input.isEmpty { connection.isReadingPaused = true }
    return .none
  }

  mutating func drained(_ connection: inout Connection) -> Action {
    channel.resumeWriters()
    return .none
  }

  mutating func shuttingDown(_ connection: inout Connection) -> Action {
    channel.end(.failed(CancellationError()))
    return .none
  }

  consuming func closed(_ connection: inout Connection, _ error: (any Error)?) {
    channel.end(error.map { .failed($0) } ?? .orderly)
  }
}
