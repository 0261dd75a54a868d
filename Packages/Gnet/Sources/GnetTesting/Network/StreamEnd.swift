internal import CGnet
internal import Gnet

/// An end of a stream: of a socket of a server, or of a scripted peer.
///
/// Follows Linux: what `recv(2)` and `send(2)` return, and what a selector reports, in each state of a TCP or unix socket.
final class StreamEnd: Watchable {
  let world: World
  let host: SimulatedHost
  private(set) var number = 0
  let isUnix: Bool
  /// The bytes that each of the buffers holds.
  private let capacity: Int
  var local: SocketAddress
  var remote: SocketAddress
  /// The other end; `nil` as long as the stream is not established, and when both ends have forgotten each other.
  private(set) var other: StreamEnd?
  private(set) var isConnecting = false
  /// Whether a `connect` that is called again is told that the stream is established.
  private(set) var isConnected = false
  var isIPv6 = false

  /// The bytes that were sent and have not arrived; none on a unix socket, whose bytes arrive at once.
  private var outgoing = ByteQueue()
  /// The bytes that have arrived and were not received.
  private var incoming = ByteQueue()
  /// Whether the output was ended, and whether the peer has been told.
  private(set) var isOutputEnded = false
  private var isEndDelivered = false
  private(set) var isInputEnded = false
  /// Whether neither direction works any more.
  private(set) var isDead = false
  private(set) var isClosed = false
  /// The error to be reported by the next call; 0 for none.
  private var error: Int32 = 0
  /// Whether an event is on its way that brings bytes to the other end.
  private var isDelivering = false
  var resetsOnClose = false
  /// Called when something has arrived, or can be sent.
  var onChange: (() -> Void)?

  init(_ host: SimulatedHost, isUnix: Bool, local: SocketAddress, remote: SocketAddress) {
    world = host.world
    capacity = host.world.network.bufferCapacity
    self.host = host
    self.isUnix = isUnix
    self.local = local
    self.remote = remote
    super.init()
    number = world.add(self)
  }

  private func changed() {
    notify()
    onChange?()
  }

  // MARK: Establishing

  func beginConnecting() { isConnecting = true }

  /// Joins two ends.
  func join(_ peer: StreamEnd) {
    other = peer
    peer.other = self
    peer.isConnected = true
  }

  /// Takes in that the stream is established.
  func finishConnecting() {
    guard !isClosed, !isDead else { return }
    isConnecting = false
    isConnected = true
    scheduleDelivery()
    changed()
  }

  /// Refuses a stream at once.
  func refuse() {
    isConnecting = true
    failConnecting(ECONNREFUSED)
  }

  func failConnecting(_ code: Int32) {
    guard isConnecting, !isClosed else { return }
    isConnecting = false
    die(code)
  }

  // MARK: Calls

  func receive(_ limit: Int) -> Result<ArraySlice<UInt8>, CallError> {
    if !incoming.isEmpty {
      let taken = incoming.take(limit)
      other?.scheduleDelivery()
      if isUnix { other?.changed() }
      return .success(taken)
    }
    if let code = takePendingError() { return .failure(CallError(code)) }
    if isInputEnded || isDead { return .success([]) }
    return .failure(CallError(isConnected || isConnecting ? EAGAIN : ENOTCONN))
  }

  func send(_ bytes: some Collection<UInt8>) -> Result<Int, CallError> {
    if isConnecting { return .failure(CallError(EAGAIN)) }
    if !isUnix, let code = takePendingError() { return .failure(CallError(code)) }
    if isOutputEnded || isDead { return .failure(CallError(EPIPE)) }
    guard let other else { return .failure(CallError(ENOTCONN)) }
    let count = min(freeCapacity, bytes.count)
    if count <= 0 { return bytes.isEmpty ? .success(0) : .failure(CallError(EAGAIN)) }
    if isUnix {
      other.incoming.append(bytes.prefix(count))
      other.changed()
    } else {
      outgoing.append(bytes.prefix(count))
      scheduleDelivery()
    }
    return .success(count)
  }

  /// Ends the output. Corresponds to `shutdown(2)` with `SHUT_WR`.
  func endOutput() -> Int32 {
    guard isConnected, !isDead else { return -ENOTCONN }
    if isOutputEnded { return 0 }
    isOutputEnded = true
    if isUnix { other?.takeEnd() } else { scheduleDelivery() }
    notify()
    return 0
  }

  /// Closes the end. Unread input makes the kernel send a reset, which drops what has not arrived yet.
  func close() {
    if isClosed { return }
    isClosed = true
    onChange = nil
    if isUnix {
      if let other, !other.isClosed {
        let isLoss = !incoming.isEmpty
        other.isOutputEnded = true
        if isLoss { other.error = ECONNRESET }
        other.takeEnd()
      }
      other = nil
    } else if other == nil {
      die(0)
    } else if resetsOnClose || isConnecting || !incoming.isEmpty {
      outgoing.removeAll()
      sendReset()
    } else if !isDead {
      isOutputEnded = true
      scheduleDelivery()
    }
    incoming.removeAll()
  }

  /// The pending error, which is cleared; 0 for none.
  func takeError() -> Int32 { takePendingError() ?? 0 }

  private func takePendingError() -> Int32? {
    if error == 0 { return nil }
    defer { error = 0 }
    return error
  }

  var unreadCount: Int { incoming.count }
  var unacknowledgedCount: Int { outgoing.count + (isOutputEnded && !isEndDelivered ? 1 : 0) }

  private var freeCapacity: Int {
    capacity - (isUnix ? other?.incoming.count ?? 0 : outgoing.count)
  }

  // MARK: The network

  /// Has bytes, or the end of the stream, arrive at the other end.
  private func scheduleDelivery() {
    guard !isUnix, !isDelivering, !isDead, let other, isConnected,
      !outgoing.isEmpty || isOutputEnded && !isEndDelivered,
      outgoing.isEmpty || other.isClosed || other.incoming.count < capacity
    else { return }
    isDelivering = true
    world.schedule(after: world.delay(host, other.host)) { [self] in
      isDelivering = false
      deliver()
    }
  }

  private func deliver() {
    guard !isDead, let other else { return }
    if world.isPartitioned(host, other.host) {
      isDelivering = true
      return world.schedule(after: Self.retransmissionTime) { [self] in
        isDelivering = false
        scheduleDelivery()
      }
    }
    if world.random.happens(world.network.resetProbability) { return breakUp() }
    if other.isClosed {
      // Bytes for a socket that is closed are answered by a reset.
      if !outgoing.isEmpty { return other.sendReset() }
    } else {
      let limit = min(outgoing.count, capacity - other.incoming.count)
      let isSplit = limit > 1 && world.random.happens(world.network.splitProbability)
      let count = isSplit ? 1 + world.random.below(limit) : limit
      if count > 0 {
        world.note(other.host.number, "arrived", other.number, count)
        other.incoming.append(outgoing.take(count))
        changed()
      }
    }
    if outgoing.isEmpty && isOutputEnded && !isEndDelivered {
      isEndDelivered = true
      world.note(other.host.number, "ended", other.number, 0)
      if other.isClosed { forgetIfOver() } else { other.takeEnd() }
    } else {
      if !other.isClosed { other.changed() }
      scheduleDelivery()
    }
  }

  private static let retransmissionTime: Int64 = 200_000_000

  private func takeEnd() {
    isInputEnded = true
    changed()
  }

  /// Forgets the other end when nothing more can come from either.
  private func forgetIfOver() {
    guard let other, isClosed, other.isClosed, isEndDelivered, other.isEndDelivered || other.isDead else { return }
    other.other = nil
    self.other = nil
  }

  /// Forgets the other end, since the simulation has ended.
  func forget() {
    onChange = nil
    other = nil
  }

  /// Tells the other end that this end is gone. Bytes on their way to this end are lost.
  private func sendReset() {
    isDead = true
    guard let other else { return }
    self.other = nil
    world.schedule(after: world.delay(host, other.host)) { [world] in
      world.note(other.host.number, "reset", other.number, 0)
      other.other = nil
      other.die(other.isInputEnded ? EPIPE : ECONNRESET)
    }
  }

  /// Ends both ends, as a network does that gives a stream up.
  private func breakUp() {
    guard let other else { return }
    world.note(host.number, "broken", number, other.number)
    for end in [self, other] {
      end.other = nil
      end.die(ECONNRESET)
    }
  }

  private func die(_ code: Int32) {
    if isDead { return }
    isDead = true
    error = code
    outgoing.removeAll()
    isOutputEnded = true
    isConnecting = false
    if !isClosed { changed() }
  }

  /// Resets the stream from this end.
  func reset() {
    resetsOnClose = true
    close()
  }

  // MARK: Readiness

  override var readiness: Readiness {
    if isConnecting { return [] }
    var readiness: Readiness = []
    let hasInputEnded = isInputEnded || isDead
    if !incoming.isEmpty || hasInputEnded { readiness.insert(.readable) }
    if hasInputEnded { readiness.insert(.peerClosed) }
    if isDead || isInputEnded && isOutputEnded { readiness.insert(.hungUp) }
    if error != 0 { readiness.insert(.error) }
    if isOutputEnded || isDead { readiness.insert(.outputEnded) }
    // Not before a part of the buffer is free, as in the kernel.
    if isDead || isOutputEnded || freeCapacity >= (capacity + 2) / 3 { readiness.insert(.writable) }
    return readiness
  }
}

/// A failed system call.
struct CallError: Error {
  let code: Int32
  init(_ code: Int32) { self.code = code }

  var wouldBlock: Bool { code == EAGAIN }
  var isReset: Bool { code == ECONNRESET || code == EPIPE }
}
