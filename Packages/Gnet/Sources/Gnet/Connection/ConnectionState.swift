internal import Poller
internal import RingBuffer
internal import SystemPackage

/// The loop's view of one connection, or of the peer of a datagram: a slot of its `ConnectionTable`.
///
/// Only the loop's own thread touches it. Slots stay where they are in memory, so a `Connection` is a pointer to one.
/// The properties are in the order of their use: with many connections, a request pays for each cache line that it touches.
struct ConnectionState: ~Copyable {
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
  /// The bytes of `outbound` that the loop's statistics contain.
  var accountedOutput = 0
  /// The loop's buffer, where output is gathered for the length of a callback while `outbound` is empty.
  let lentOutput: Pinned<RingBuffer>
  /// The datagrams to be sent: of the loop's socket, for a slot that stands for a peer of it, or of an outbound connection.
  var outbox: Pinned<DatagramOutbox>?
  /// The part that other threads hold on to; made when a handle is first asked for.
  var handleQueue: HandleQueue?
  /// Received bytes that `react` left; without storage as long as there are none.
  var inbound = RingBuffer()
  /// Bytes that the kernel has not taken yet; without storage as long as there are none.
  var outbound = RingBuffer()

  // A request that is answered at once does not touch anything from here on.

  var remote = SocketAddress(.unix(path: ""))
  var addressIndex: Int32 = 0
  var context: AnyObject?
  /// The filters between the socket and the handler, those included that bytes go past.
  var filters: Pinned<FilterChain>?
  /// The state that few connections have.
  var rare: RareState?
  /// The error that sending met.
  var failure: Errno?
  /// The times when bytes were last received and sent; kept only if there is a time-out that asks for them.
  var lastReceived = Poller.Instant(nanoseconds: 0)
  var lastSent = Poller.Instant(nanoseconds: 0)
  /// The deadline that the handler has set; then the end of lingering at the latest.
  var timeout = Poller.Instant.never
  /// The connection's timer, set to its earliest deadline or before; then to an end of lingering, or before.
  var timer: Timers<Deadline>.ID?

  /// The state of a connection that few connections have.
  final class RareState {
    /// This side's address, once the descriptor has been handed over.
    var localAfterDetach: SocketAddress?
    /// The source of the handler that takes the connection over when the callback is over.
    var successor: HandlerSource?
  }

  /// Makes the rare state, if there is none.
  var ensuredRare: RareState {
    mutating get {
      if let rare { return rare }
      let made = RareState()
      rare = made
      return made
    }
  }

  init(token: ConnectionToken, loop: EventLoop, lentOutput: Pinned<RingBuffer>) {
    self.token = token
    unsafe self.loop = loop
    self.lentOutput = lentOutput
  }

  deinit { filters?.destroy() }

  /// Removes the filters at the end of the connection.
  mutating func dropFilters() {
    filters?.destroy()
    filters = nil
  }

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
    return life.phase == .filtered ? outbound.count + countBeforeFilters : outbound.count
  }

  /// The bytes of output before the filters.
  @inline(__always)
  private var countBeforeFilters: Int { filters?.pointee.pendingCount ?? 0 }

  /// This side's address where it is not for the descriptor to tell.
  var knownLocal: SocketAddress? { isDatagramPeer ? outbox?.pointee.localAddress : rare?.localAfterDetach }

  /// The bytes of output that the kernel has not taken.
  @inline(__always)
  var pendingWriteCount: Int {
    if life.phase == .open { return outbound.count + (outbound.isEmpty ? lentOutput.pointee.count : 0) }
    return pendingCountBeyondStreams
  }

  /// The slow path of `pendingWriteCount`. What a callback has written before it has added a filter is still lent.
  // Inlined, as all that others call of a slot: a function of its own would be given a copy of the whole state.
  @inline(__always)
  private var pendingCountBeyondStreams: Int {
    unsentCount + (life.phase == .filtered && isInCallback ? lentOutput.pointee.count : 0)
  }

  /// Whether as much output waits as the high watermark says; of a callback that is running too.
  @inline(__always)
  var isOutputFull: Bool {
    life.flags.contains(.outputFull) || pendingWriteCount >= max(1, unsafe loop.outboundHighWatermark)
  }

  /// Whether nothing but going on as before is to be done after a callback.
  @inline(__always)
  var isSteady: Bool { life.isSteady && interest == .readable && outbound.isEmpty && accountedOutput == 0 }

  /// Asks for an ending, unless a stronger one is due already. There is none for a datagram.
  @inline(__always)
  mutating func end(_ requested: StreamLife.Ending) {
    if isDatagramPeer { return }
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
    let count = unsentCount
    if count == 0 { return endsBehindHandshake ? .low : .none }
    if count >= options.outboundHighWatermark { return .high }
    return count <= options.outboundLowWatermark ? .low : .middle
  }
}
