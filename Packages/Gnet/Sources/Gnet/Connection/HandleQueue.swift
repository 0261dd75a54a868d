internal import CGnet
internal import RingBuffer
internal import Synchronization

/// The thread-safe side of a connection, or of the peer of a datagram: the calls that handles queue for the loop.
///
/// Calls are queued in their order, behind a lock that is held for the length of a copy, and the loop is told once of
/// all calls since it last looked. So the mailbox never holds more than one message per connection, a thousand writes
/// from other threads leave in one system call, and the queue is bounded by the connection's own watermark.
final class HandleQueue: Sendable {
  /// The receiver of the calls.
  enum Target: Sendable {
    /// The connection whose token is ``token``.
    case connection
    /// The same, where this side has established the connection.
    case outbound(ConnectTarget)
    indirect case datagrams(to: SocketAddress, from: cgnet_local, addressIndex: Int)
  }

  private struct State: ~Copyable {
    /// The calls that wait, in memory that is there from the first call on: the handles of most connections only tell
    /// them apart, or find them on their own loop.
    private var place: Pinned<Pending>?
    /// Whether calls are still taken.
    var isOpen = true
    /// Whether the connection has gone: there is nothing left to abort.
    var isGone = false
    /// Whether the loop has been told and has not looked yet.
    var isScheduled = false

    deinit { place?.destroy() }

    var pending: Pinned<Pending> {
      mutating get {
        if let place { return place }
        let made = Pinned(Pending())
        place = made
        return made
      }
    }

    /// Whether an end is final: nothing is taken after a close, and nothing waits once the connection has gone.
    var isEndFinal: Bool { !isGone || !isOpen && place?.pointee.isEmpty != false }

    /// Takes the calls that wait.
    mutating func take() -> Pending {
      isScheduled = false
      var taken = Pending()
      if let place { swap(&taken, &place.pointee) }
      return taken
    }
  }

  let loop: EventLoop
  let target: Target
  /// The token of the connection; 0 until the loop has made it one of its own.
  private let tokenValue: Atomic<UInt64>
  /// Bytes that the loop has taken from here, or its handlers have written, and the kernel has not taken yet.
  private let unsentByteCount = Atomic<Int>(0)
  private nonisolated(unsafe) var confinedDial = Confined<Dial?>(nil)
  private let state = Lock(State())
  /// Whether each write is a datagram.
  private let keepsBounds: Bool
  /// Set once, behind the lock.
  private let abortion = Atomic<Bool>(false)

  init(of connection: borrowing ConnectionState) {
    assert(connection.handleQueue == nil, "a connection has two queues")
    loop = unsafe connection.loop
    target =
      connection.isDatagramPeer
      ? .datagrams(
        to: connection.remote, from: connection.outbox?.pointee.local ?? cgnet_local(),
        addressIndex: Int(connection.addressIndex))
      : .connection
    keepsBounds = connection.isDatagram
    tokenValue = Atomic(connection.token.rawValue)
    // The changes by a running callback are counted when the callback is over.
    unsentByteCount.store(connection.accountedOutput, ordering: .relaxed)
    let isGone = !connection.isDatagramPeer && connection.life.phase == .ended
    if isGone || connection.life.ending != .none {
      state.withLock { state in
        state.isOpen = false
        state.isGone = isGone
      }
    }
  }

  /// The queue of a connection that its loop has yet to make its own.
  init(ofConnectionOn loop: EventLoop, _ target: Target = .connection, keepsBounds: Bool = false) {
    self.loop = loop
    self.target = target
    self.keepsBounds = keepsBounds
    tokenValue = Atomic(0)
  }

  /// A queue for datagrams to anyone.
  init(to peer: SocketAddress, addressIndex: Int, on loop: EventLoop) {
    self.loop = loop
    target = .datagrams(to: peer, from: cgnet_local(), addressIndex: addressIndex)
    keepsBounds = true
    tokenValue = Atomic(0)
  }

  /// The connection's token.
  var token: ConnectionToken { ConnectionToken(rawValue: tokenValue.load(ordering: .relaxed)) }

  /// Sets the token of the connection that the queue has been waiting for; on the loop's thread.
  func setToken(_ token: ConnectionToken) {
    assert(loop.isCurrent)
    assert(self.token == .none && token != .none, "a connection has its token for life")
    tokenValue.store(token.rawValue, ordering: .relaxed)
  }

  /// The outbound connection that the loop is establishing; for the loop's thread.
  var dial: Dial? {
    get { unsafe confinedDial[on: loop] }
    set {
      assert(newValue == nil || dial == nil)
      unsafe confinedDial[on: loop] = newValue
    }
  }

  /// The host as it stands in the address of an outbound connection, or the path of a unix socket.
  var requestedName: String? { if case .outbound(let target) = target { target.name } else { nil } }

  private var isOfDatagrams: Bool {
    if case .datagrams = target { true } else { false }
  }

  /// Whether the loop still applies calls.
  private var isServed: Bool { !loop.hasEnded }

  /// Whether calls are still taken.
  var isOpen: Bool { isServed && state.withLock { $0.isOpen } }

  /// Whether the connection has gone.
  var hasGone: Bool { !isServed || state.withLock { $0.isGone } }

  // MARK: Any thread

  /// Adds bytes to the output.
  func offer(_ bytes: RawSpan) -> ConnectionHandle.Offer {
    var isFull = false
    let isTaken = queue { state in
      let pending = state.pending
      let waiting = pending.pointee.cost + self.unsentByteCount.load(ordering: .relaxed)
      guard waiting < self.loop.outboundHighWatermark || waiting == 0 else {
        isFull = true
        if pending.pointee.cost > 0 { pending.pointee.haveRefused = true }
        return false
      }
      if pending.pointee.output.capacity == 0 { pending.pointee.output = self.loop.spareRings.take() }
      if self.keepsBounds { pending.pointee.addDatagram(bytes) } else { pending.pointee.output.write(bytes) }
      pending.pointee.prefetchNext()
      return true
    }
    return isTaken ? .taken : isFull ? .full : .gone
  }

  /// Asks for a call on the connection's loop; `false` if nothing is taken any more.
  func perform(_ body: sending @escaping (inout Connection) -> Action) -> Bool {
    if isOfDatagrams { return false }
    let body = Body(body)
    return queue { state in
      state.pending.pointee.add(.perform(body))
      return true
    }
  }

  /// Asks for a `react`; `false` if nothing is taken any more.
  func wake() -> Bool {
    queue { state in
      let pending = state.pending
      if !pending.pointee.endsWithWake { pending.pointee.add(.wake) }
      return true
    }
  }

  /// Asks for the end of the connection, the last call there is; `false` if it is ending already.
  func close() -> Bool {
    if isOfDatagrams { return false }
    return queue { state in
      state.pending.pointee.add(.close)
      state.isOpen = false
      return true
    }
  }

  /// Asks for the end of the connection, whatever it waits for; `false` if it has gone or is aborted already.
  func abort() -> Bool {
    if isOfDatagrams { return false }
    return tell { state in
      if state.isGone || self.abortion.exchange(true, ordering: .relaxed) { return false }
      state.isOpen = false
      return true
    }
  }

  private func queue(_ add: (inout State) -> Bool) -> Bool {
    tell { state in state.isOpen && add(&state) }
  }

  /// Makes a change, and tells the loop if it was made and the loop has not been told of an earlier one.
  private func tell(_ change: (inout State) -> Bool) -> Bool {
    guard isServed else { return false }
    let (isTaken, isFirst) = state.withLock { state -> (Bool, Bool) in
      guard change(&state) else { return (false, false) }
      assert(!state.isGone, "a connection that has gone has taken a call")
      defer { state.isScheduled = true }
      return (true, !state.isScheduled)
    }
    if isFirst { loop.post(.calls(self)) }
    return isTaken
  }

  /// Calls `body` with the connection, where that is possible at once.
  func withConnection<R>(_ body: (inout Connection) -> R) -> R? {
    guard !isOfDatagrams, loop.isCurrent, let table = loop.state.connections else {
      return nil
    }
    return table.lend(token, body)
  }

  // MARK: The loop

  /// Takes the calls that wait.
  func takeCalls() -> Pending {
    assert(loop.isCurrent)
    return state.withLock { $0.take() }
  }

  /// Takes in that calls wait, and leaves them. Returns whether the end of the connection is among them.
  func leaveCalls() -> Bool {
    assert(loop.isCurrent && token == .none, "calls for a connection that is there were left")
    return state.withLock { state in
      state.isScheduled = false
      return !state.isOpen
    }
  }

  /// Takes no more calls, and hands over those that wait.
  func closeForCalls() -> Pending {
    assert(loop.isCurrent)
    return state.withLock { state in
      state.isOpen = false
      return state.take()
    }
  }

  /// Takes no more calls, and drops those that wait: the connection has gone.
  func markGone() {
    _ = state.withLock { state in
      (state.isOpen, state.isGone) = (false, true)
      defer { assert(state.isEndFinal) }
      return state.take()
    }
  }

  /// Whether the connection is to end without waiting for its output. To be asked for after `takeCalls()`: what comes
  /// later comes with a message of its own.
  var isAborted: Bool { abortion.load(ordering: .relaxed) }

  /// Stores the output that the loop holds, so that callers are refused in time.
  func setUnsent(_ byteCount: Int) {
    assert(byteCount >= 0)
    unsentByteCount.store(byteCount, ordering: .relaxed)
  }
}
