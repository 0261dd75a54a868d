internal import Poller
internal import RingBuffer
internal import SystemPackage

/// The state of a connection that most connections do not have at most times: bytes that wait, deadlines, an error, filters.
///
/// Made when the first of it is needed, and given up when none of it is.
struct RareState: ~Copyable {
  /// Bytes that the kernel has not taken yet; without storage as long as there are none.
  var outbound = RingBuffer()
  /// The bytes of `outbound` that the loop's statistics contain.
  var accountedOutput = 0
  /// Received bytes that `react` left; without storage as long as there are none.
  var inbound = RingBuffer()
  /// The times when bytes were last received and sent; kept only if there is a time-out that asks for them.
  var lastReceived = Poller.Instant(nanoseconds: 0)
  var lastSent = Poller.Instant(nanoseconds: 0)
  /// The deadline that the handler has set; then the end of lingering at the latest.
  var timeout = Poller.Instant.never
  /// The connection's timer, set to its earliest deadline or before; then to an end of lingering, or before.
  var timer: Timers<Deadline>.ID?
  /// The error that sending met.
  var failure: Errno?
  /// The filters between the socket and the handler, those included that bytes go past.
  var filters: Pinned<FilterChain>?
  /// The datagrams to be sent: of the loop's socket, for a slot that stands for a peer of it, or of an outbound connection.
  var outbox: Pinned<DatagramOutbox>?
  /// This side's address, once the descriptor has been handed over.
  var localAfterDetach: SocketAddress?

  deinit { filters?.destroy() }

  /// Whether nothing is kept here. First is asked for what a connection keeps for long.
  @inline(__always)
  var isBlank: Bool {
    timer == nil && filters == nil && outbox == nil && outbound.capacity == 0 && accountedOutput == 0
      && inbound.capacity == 0 && lastReceived.nanoseconds == 0 && lastSent.nanoseconds == 0 && timeout == .never
      && failure == nil && localAfterDetach == nil
  }
}

extension Pinned where Value == RareState {
  /// The state of connections that have none.
  // Never written to.
  fileprivate nonisolated(unsafe) static let blank = Pinned(RareState())
}

// The properties of the rare state as properties of the connection. Without a rare state, they have the values of a new
// state.
extension ConnectionState {
  /// The rare state, which is made if there is none.
  @inline(__always)
  private var madeRare: Pinned<RareState> {
    mutating get { rare ?? makeRare() }
  }

  /// The rare state, for who only reads it.
  @inline(__always)
  private var rareOrBlank: Pinned<RareState> { unsafe rare ?? .blank }

  @inline(never)
  private mutating func makeRare() -> Pinned<RareState> {
    assert(rare == nil)
    assert(unsafe Pinned<RareState>.blank.pointee.isBlank, "the state of connections that have none was changed")
    let made = Pinned(RareState())
    rare = made
    return made
  }

  /// Gives up the rare state if nothing is kept there.
  @inline(__always)
  private mutating func dropBlankRare() {
    guard let rare, rare.pointee.isBlank else { return }
    self.rare = nil
    rare.destroy()
  }

  var outbound: RingBuffer {
    @inline(__always) _read { yield rareOrBlank.pointee.outbound }
    @inline(__always) _modify { yield &madeRare.pointee.outbound }
  }

  var inbound: RingBuffer {
    @inline(__always) _read { yield rareOrBlank.pointee.inbound }
    @inline(__always) _modify { yield &madeRare.pointee.inbound }
  }

  /// The number of bytes that the kernel has not taken.
  @inline(__always)
  var outboundCount: Int { rare?.pointee.outbound.count ?? 0 }

  /// Whether the kernel has not taken all bytes.
  @inline(__always)
  var hasOutbound: Bool { outboundCount > 0 }

  /// Whether `react` has left bytes.
  @inline(__always)
  var hasInbound: Bool { if let rare { !rare.pointee.inbound.isEmpty } else { false } }

  /// Drops the bytes that the kernel has not taken, and their storage.
  mutating func dropOutbound() {
    if let rare { rare.pointee.outbound = RingBuffer() }
  }

  /// Gives back memory that the bytes which the kernel has not taken do not need.
  @inline(__always)
  mutating func giveOutboundBack() {
    guard let rare else { return }
    if rare.pointee.outbound.capacity > 0 { rare.pointee.outbound.giveBackSlack() }
    dropBlankRare()
  }

  /// Gives back memory that the bytes which `react` has left do not need.
  mutating func giveInboundBack() {
    guard let rare else { return }
    rare.pointee.inbound.giveBackSlack()
    dropBlankRare()
  }

  /// Takes the bytes that `react` has left.
  mutating func takeInbound() -> [UInt8] {
    guard hasInbound else { return [] }
    let bytes = inbound.readAll()
    giveInboundBack()
    assert(!hasInbound)
    return bytes
  }

  /// Drops the bytes that `react` left, and their storage.
  mutating func dropInbound() {
    if let rare { rare.pointee.inbound = RingBuffer() }
  }

  var accountedOutput: Int {
    @inline(__always) get { rare?.pointee.accountedOutput ?? 0 }
    set {
      assert(newValue >= 0)
      if newValue != accountedOutput { madeRare.pointee.accountedOutput = newValue }
    }
  }

  var lastReceived: Poller.Instant {
    @inline(__always) get { rare?.pointee.lastReceived ?? Poller.Instant(nanoseconds: 0) }
    @inline(__always) set { madeRare.pointee.lastReceived = newValue }
  }

  var lastSent: Poller.Instant {
    @inline(__always) get { rare?.pointee.lastSent ?? Poller.Instant(nanoseconds: 0) }
    @inline(__always) set { madeRare.pointee.lastSent = newValue }
  }

  var timeout: Poller.Instant {
    @inline(__always) get { rare?.pointee.timeout ?? .never }
    @inline(__always) set {
      if let rare {
        rare.pointee.timeout = newValue
      } else if newValue != .never {
        makeRare().pointee.timeout = newValue
      }
    }
  }

  var timer: Timers<Deadline>.ID? {
    @inline(__always) get { rare?.pointee.timer }
    set {
      assert(newValue == nil || timer == nil, "a timer that is set was forgotten")
      if newValue != timer { madeRare.pointee.timer = newValue }
    }
  }

  var failure: Errno? {
    @inline(__always) get { rare?.pointee.failure }
    set { if newValue != failure { madeRare.pointee.failure = newValue } }
  }

  var filters: Pinned<FilterChain>? {
    @inline(__always) get { rare?.pointee.filters }
    set {
      assert(newValue == nil || filters == nil || newValue == filters, "filters were forgotten")
      if newValue != filters { madeRare.pointee.filters = newValue }
    }
  }

  /// Removes the filters at the end of the connection.
  mutating func dropFilters() {
    assert(!isInCallback, "filters are dropped under a callback")
    filters?.destroy()
    filters = nil
  }

  var outbox: Pinned<DatagramOutbox>? {
    @inline(__always) get { rare?.pointee.outbox }
    set {
      assert(newValue == nil || outbox == nil, "datagrams were forgotten")
      if newValue != outbox { madeRare.pointee.outbox = newValue }
    }
  }

  var localAfterDetach: SocketAddress? {
    get { rare?.pointee.localAfterDetach }
    set { if newValue != localAfterDetach { madeRare.pointee.localAfterDetach = newValue } }
  }
}

// Of the slot, not of its state: the slow path is a function of its own, which would be given a copy of the whole state.
extension Pinned where Value == ConnectionState {
  /// The bytes of output that the kernel has not taken.
  @inline(__always)
  var pendingWriteCount: Int {
    guard pointee.life.phase == .open else { return pendingCountBeyondStreams }
    if let rare = pointee.rare, !rare.pointee.outbound.isEmpty { return rare.pointee.outbound.count }
    return pointee.lentOutput.pointee.count
  }

  /// The slow path of `pendingWriteCount`. Bytes that a callback has written before it added a filter are still lent.
  @inline(never)
  private var pendingCountBeyondStreams: Int {
    let isLent = pointee.life.phase == .filtered && pointee.isInCallback
    return pointee.unsentCount + (isLent ? pointee.lentOutput.pointee.count : 0)
  }

  /// Whether as much output waits as the high watermark says; of a callback that is running too.
  @inline(__always)
  var isOutputFull: Bool {
    pointee.life.flags.contains(.outputFull)
      || pendingWriteCount >= max(1, unsafe pointee.loop.outboundHighWatermark)
  }
}
