internal import RingBuffer

/// The meeting place of a connection's handler, on its loop, and the tasks that read and write.
final class AsyncChannel: Sendable {
  /// The way in which a connection has ended.
  enum End {
    /// The peer has ended its stream.
    case orderly
    case failed(any Error)
  }

  private typealias Reader = Waiter<[UInt8]?>
  private typealias Writer = Waiter<Void>

  private struct State {
    var task: Task<Void, Never>?
    /// The identity of the task.
    var taskIdentity: Int?
    /// The task that waits for bytes.
    var reader: Reader?
    /// The tasks that wait for the output to drain.
    var writers: [Writer] = []
    /// Whether the peer has ended its stream.
    var isInputEnded = false
    var end: End?
  }

  let handle: ConnectionHandle
  let remoteAddress: SocketAddress
  private let loop: EventLoop
  private let state = Lock(State())

  init(_ handle: ConnectionHandle, on loop: EventLoop, remoteAddress: SocketAddress) {
    self.handle = handle
    self.loop = loop
    self.remoteAddress = remoteAddress
  }

  func setTask(_ task: Task<Void, Never>) {
    state.withLock { state in
      assert(state.task == nil && state.end == nil, "a connection has two tasks")
      state.task = task
    }
  }

  /// Makes the current task the connection's own.
  func becomeOwnTask() {
    let identity = unsafe withUnsafeCurrentTask { unsafe $0?.hashValue }
    state.withLock { state in
      assert(identity != nil && state.taskIdentity == nil)
      state.taskIdentity = identity
    }
  }

  /// Whether the caller is the connection's own task, which `end(_:)` cancels and nobody else.
  private var isOwnTask: Bool {
    let identity = unsafe withUnsafeCurrentTask { unsafe $0?.hashValue }
    return state.withLock { $0.taskIdentity == identity }
  }

  // MARK: Tasks

  func read() async throws -> [UInt8]? {
    if let bytes = takeUnread() { return bytes }
    // A handler of cancellation costs as much as everything else here.
    if isOwnTask { return try await unsafe withUnsafeThrowingContinuation { unsafe wait(Reader($0)) } }
    return try await withTaskCancellationHandler {
      try await unsafe withUnsafeThrowingContinuation { unsafe wait(Reader($0)) }
    } onCancel: {
      let reader = state.withLock { $0.reader.take() }
      reader?.resume(with: .failure(CancellationError()))
    }
  }

  /// The bytes that the handler has left, where the caller runs on the loop.
  private func takeUnread() -> [UInt8]? {
    handle.withConnection { connection in
      let bytes = connection.state.pointee.takeInbound()
      connection.isReadingPaused = false
      return bytes.isEmpty ? nil : bytes
    } ?? nil
  }

  private func wait(_ reader: Reader) {
    let outcome: Result<[UInt8]?, any Error>? = state.withLock { state in
      precondition(state.reader == nil, "AsyncConnection.read: another task is reading already")
      switch state.end {
      case .failed(let error): return .failure(error)
      case .orderly: return .success(nil)
      case nil: break
      }
      if Task.isCancelled { return .failure(CancellationError()) }
      if state.isInputEnded && loop.isCurrent { return .success(nil) }
      state.reader = reader
      return nil
    }
    if let outcome { return reader.resume(with: outcome) }
    // From elsewhere nobody knows whether bytes are left: the loop looks.
    if !loop.isCurrent {
      handle.perform { [self] connection in
        let isLast = connection.isInputEnded
        offer(&connection.state.pointee.inbound, isLast: isLast)
        connection.state.pointee.giveInboundBack()
        connection.isReadingPaused = false
        return .none
      }
    }
  }

  func write(_ bytes: [UInt8]) async throws {
    while true {
      switch offer(bytes) {
      case .taken: return
      case .full: try await waitUntilDrained()
      case .gone: throw failure
      }
    }
  }

  private func offer(_ bytes: [UInt8]) -> ConnectionHandle.Offer {
    let outcome = handle.withConnection { connection -> ConnectionHandle.Offer in
      if connection.isOutputFull { return .full }
      let life = connection.state.pointee.life
      if !life.takesOutput && !life.takesFilteredOutput { return .gone }
      connection.write(bytes)
      return .taken
    }
    return outcome ?? handle.offer(bytes)
  }

  private func waitUntilDrained() async throws {
    try await unsafe withUnsafeThrowingContinuation { continuation in
      let writer = unsafe Writer(continuation)
      let failure: (any Error)? = state.withLock { state in
        if state.end != nil { return self.failure(of: state) }
        state.writers.append(writer)
        return nil
      }
      if let failure { return writer.resume(with: .failure(failure)) }
      // The output may have drained meanwhile.
      let isAsked = handle.perform { [self] connection in
        if !connection.isOutputFull { resumeWriters() }
        return .none
      }
      if !isAsked { resumeWriters() }
    }
  }

  /// The error for a call that comes too late.
  private var failure: any Error { state.withLock { failure(of: $0) } }

  private func failure(of state: State) -> any Error {
    if case .failed(let error) = state.end { error } else { CancellationError() }
  }

  func close() {
    state.withLock { $0.end = $0.end ?? .failed(CancellationError()) }
    // On the loop at once: what is written next is refused already.
    _ = handle.withConnection { $0.close() }
    handle.close()
  }

  // MARK: The handler

  /// Hands bytes to the task that waits for them, if there is one; otherwise they are left.
  func offer(_ input: inout RingBuffer, isLast: Bool) {
    assert(loop.isCurrent)
    if isLast { state.withLock { $0.isInputEnded = true } }
    if input.isEmpty && !isLast { return }
    guard let reader = state.withLock({ $0.reader.take() }) else { return }
    reader.resume(with: .success(input.isEmpty ? nil : input.readAll()))
  }

  /// Lets the tasks go on that wait for the output to drain.
  func resumeWriters() {
    let writers = state.withLock { state in
      let waiting = state.writers
      state.writers = []
      return waiting
    }
    for writer in writers { writer.resume(with: .success(())) }
  }

  /// Tells all tasks that the connection has ended, or is about to.
  func end(_ end: End) {
    assert(loop.isCurrent)
    let (reader, writers, task, first) = state.withLock { state in
      state.end = state.end ?? end
      let writers = state.writers
      state.writers = []
      return (state.reader.take(), writers, state.task, state.end!)
    }
    switch first {
    case .orderly: reader?.resume(with: .success(nil))
    case .failed(let error): reader?.resume(with: .failure(error))
    }
    for writer in writers { writer.resume(with: .success(())) }
    task?.cancel()
  }
}

/// A task that waits. To be resumed once: that is not checked, which would cost an allocation.
@safe
private struct Waiter<Value: Sendable>: Sendable {
  private let continuation: UnsafeContinuation<Value, any Error>

  init(_ continuation: UnsafeContinuation<Value, any Error>) { unsafe self.continuation = continuation }

  func resume(with outcome: Result<Value, any Error>) { unsafe continuation.resume(with: outcome) }
}
