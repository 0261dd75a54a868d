internal import Poller
internal import RingBuffer
internal import SystemPackage

/// The loop's view of one connection, or of the peer of a datagram: a slot of its `ConnectionTable`.
///
/// Only the loop's own thread touches it. Slots stay where they are in memory, so a `Connection` is a pointer to one.
/// The properties are in the order of their use: with many connections, a request pays for each cache line that it touches.
/// A slot is two lines; what most connections never have is in ``RareState``.
struct ConnectionState: ~Copyable {
  // The first line. A request that is answered at once touches nothing else, also where it is answered by a relay.

  // The table that has the slot keeps the loop.
  unowned(unsafe) let loop: EventLoop
  /// The number of the slot and the generation of its connection: what readiness events and handles carry.
  let token: ConnectionToken

  var life = StreamLife()
  /// Whether one of the connection's callbacks is running.
  var isInCallback = false
  /// Whether the connection is in the run queue.
  var isQueued = false
  /// Whether the connection is one of TCP.
  var isTCP = false
  /// Whether this side has established the connection.
  var isOutbound = false
  /// Whether the program has had the descriptor in its hands, and may have duplicated it.
  var isDescriptorShared = false
  /// The events that the selector watches for.
  var interest: Poller.Interest = []
  /// The descriptor; -1 where there is none, or none any more.
  var fd: Int32 = -1
  /// The connection's handler; there is one from `opened` to the end.
  var handler: HandlerReference?
  /// The state that few connections have; `nil` as long as none of it has been needed.
  var rare: Pinned<RareState>?
  /// The loop's buffer, where output is gathered for the length of a callback while `outbound` is empty.
  let lentOutput: Pinned<RingBuffer>

  // The second line.

  /// The part that other threads hold on to; made when a handle is first asked for.
  var handleQueue: HandleQueue?
  var context: AnyObject?
  var remote = SocketAddress(.unix(path: ""))
  var addressIndex: Int32 = 0
  /// The source of the handler that takes the connection over when the callback is over.
  var successor: HandlerSource?

  init(token: ConnectionToken, loop: EventLoop, lentOutput: Pinned<RingBuffer>) {
    assert(token.generation != 0, "the token of a listening socket")
    self.token = token
    unsafe self.loop = loop
    self.lentOutput = lentOutput
  }

  deinit { rare?.destroy() }

  /// Whether the connection belongs to a loop.
  @inline(__always)
  func isOn(_ loop: EventLoop) -> Bool { unsafe self.loop === loop }

  /// Whether the slot stands for the peer of a datagram.
  @inline(__always)
  var isDatagramPeer: Bool { outbox != nil && !isOutbound }

  /// Whether bytes are exchanged in datagrams.
  var isDatagram: Bool { outbox != nil }

  /// The phase of the connection once it is opened.
  var openPhase: StreamLife.Phase {
    if outbox != nil { return .exchanging }
    return filters?.pointee.isActive == true ? .filtered : .open
  }

  /// Whether the connection can be handed over.
  var canDetach: Bool { !isDatagram && handler?.canDetach == true }

  /// The bytes that the kernel has not taken, those of a running callback left out; with filters, also the bytes before
  /// these.
  @inline(__always)
  var unsentCount: Int {
    if let outbox { return outbox.pointee.byteCount }
    return life.phase == .filtered ? outboundCount + countBeforeFilters : outboundCount
  }

  /// The bytes of output before the filters.
  @inline(__always)
  private var countBeforeFilters: Int { filters?.pointee.pendingCount ?? 0 }

  /// This side's address where it is not for the descriptor to tell.
  var knownLocal: SocketAddress? { isDatagramPeer ? outbox?.pointee.localAddress : localAfterDetach }

  /// Whether the slot is free, as it was made: no connection has it.
  var isFree: Bool { life == StreamLife() && fd < 0 }

  /// Whether the phase of a stream tells whether its bytes pass through filters.
  var isPhaseOfFilters: Bool {
    !life.isStream || (life.phase == .filtered) == (filters?.pointee.isActive == true)
  }

  /// Whether the output of a stream is gathered in one place: behind bytes that wait, or else in the lent buffer.
  var gathersInOnePlace: Bool { !hasOutbound || lentOutput.pointee.isEmpty }

  /// Whether the bytes that wait can still be sent: none wait behind the end of the output, or its loss.
  private var waitsForASender: Bool {
    life.phase != .open || !hasOutbound || life.flags.isDisjoint(with: [.outputEnded, .outputBroken])
  }

  /// Whether nothing but going on as before is to be done after a callback.
  @inline(__always)
  var isSteady: Bool { life.isSteady && interest == .readable && isDrained }

  /// Whether no output waits, as the loop's statistics know.
  @inline(__always)
  private var isDrained: Bool {
    guard let rare else { return true }
    return rare.pointee.outbound.isEmpty && rare.pointee.accountedOutput == 0
  }

  /// Asks for an ending, unless a stronger one is due already. There is none for a datagram.
  @inline(__always)
  mutating func end(_ requested: StreamLife.Ending) {
    if isDatagramPeer { return }
    assert(requested != .detach || canDetach)
    life.end(requested)
    if requested == .close { outbox?.pointee.close() }
  }

  /// Whether the output is to end behind the handshake of a filter, which has to send before.
  @inline(__always)
  private var endsBehindHandshake: Bool {
    guard life.phase == .filtered, life.ending == .none, life.flags.contains(.outputEnding), let filters else {
      return false
    }
    return !filters.pointee.isEstablished && filters.pointee.failure == nil
  }

  /// The output that the kernel has not taken, beside the watermarks.
  @inline(__always)
  func pending(_ options: Options) -> StreamLife.Pending {
    assert(waitsForASender, "output waits that nothing can take")
    if rare == nil { return .none }
    let count = unsentCount
    if count == 0 { return endsBehindHandshake ? .low : .none }
    if count >= options.outboundHighWatermark { return .high }
    return count <= options.outboundLowWatermark ? .low : .middle
  }
}
