internal import RingBuffer
internal import Synchronization

/// What threads other than its loop's hold of a connection, or of the peer of a datagram.
///
/// Calls are gathered here in their order, behind a lock that is held for the length of a copy, and the loop is
/// told once for all that gathered since it last looked. So the mailbox never holds more than one message per
/// connection, a thousand writes from elsewhere leave in one system call, and what may wait is bounded by the
/// connection's own watermark.
final class RemoteControl: Sendable {
  /// Whom the calls are for.
  enum Target: Sendable {
    case connection(token: UInt64)
    case datagrams(to: SocketAddress, addressIndex: Int)
  }

  /// A call that waits for the loop.
  enum Order: Sendable {
    /// So many more bytes of the output; on a datagram socket, one datagram.
    case write(byteCount: Int)
    case wake
    case close
  }

  /// The calls that wait for the loop.
  struct Pending: ~Copyable {
    var orders: [Order] = []
    var output = RingBuffer()
  }

  private struct State: ~Copyable {
    var pending = Pending()
    /// Whether calls are still taken.
    var isOpen = true
    /// Whether the loop has been told and has not looked yet.
    var isScheduled = false
  }

  let loop: EventLoop
  let target: Target
  private let limit: Int
  private let state = Mutex(State())
  /// Bytes that the loop has taken from here, or its handlers have written, and the kernel has not taken yet.
  private let unsentByteCount = Atomic<Int>(0)

  init(of connection: borrowing ConnectionState) {
    loop = connection.loop
    limit = loop.outboundHighWatermark
    target =
      connection.phase == .datagram
      ? .datagrams(to: connection.remote, addressIndex: connection.addressIndex)
      : .connection(token: connection.token)
    unsentByteCount.store(connection.pendingWriteCount, ordering: .relaxed)
    if connection.phase == .closed || connection.ending == .close { state.withLock { $0.isOpen = false } }
  }

  /// Whether calls are still taken.
  var isOpen: Bool { state.withLock { $0.isOpen } && !loop.hasEnded }

  // MARK: Any thread

  /// Adds bytes to the output; `false` if nothing is taken any more, or too much is waiting already.
  func write(_ bytes: Span<UInt8>) -> Bool {
    order { state in
      guard state.pending.output.count + self.unsentByteCount.load(ordering: .relaxed) < self.limit else {
        return false
      }
      state.pending.output.write(bytes)
      if case .write(let count)? = state.pending.orders.last, case .connection = self.target {
        state.pending.orders[state.pending.orders.count - 1] = .write(byteCount: count + bytes.count)
      } else {
        state.pending.orders.append(.write(byteCount: bytes.count))
      }
      return true
    }
  }

  /// Asks for a `react`; `false` if nothing is taken any more.
  func wake() -> Bool {
    order { state in
      if case .wake? = state.pending.orders.last { return true }
      state.pending.orders.append(.wake)
      return true
    }
  }

  /// Asks for the end of the connection, the last order there is; `false` if it is ending already.
  func close() -> Bool {
    guard case .connection = target else { return false }
    return order { state in
      state.pending.orders.append(.close)
      state.isOpen = false
      return true
    }
  }

  private func order(_ add: (inout State) -> Bool) -> Bool {
    guard !loop.hasEnded else { return false }
    let (isTaken, isFirst) = state.withLock { state -> (Bool, Bool) in
      guard state.isOpen, add(&state) else { return (false, false) }
      defer { state.isScheduled = true }
      return (true, !state.isScheduled)
    }
    if isFirst { loop.post(.orders(self)) }
    return isTaken
  }

  // MARK: The loop

  /// Takes the calls that wait.
  func takeOrders() -> Pending {
    state.withLock { state in
      var taken = Pending()
      swap(&taken, &state.pending)
      state.isScheduled = false
      return taken
    }
  }

  /// Takes no more calls; those that wait stay for ``takeOrders()``.
  func refuse() { state.withLock { $0.isOpen = false } }

  /// Tells how much output the loop holds, so that callers are refused in time.
  func noteUnsent(_ byteCount: Int) { unsentByteCount.store(byteCount, ordering: .relaxed) }
}
