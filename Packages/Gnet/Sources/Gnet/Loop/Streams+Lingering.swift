internal import Poller
internal import RingBuffer
internal import SystemPackage

// A connection that is closed while its peer may still send lingers: its output has ended, and its input is thrown away.
// Otherwise the kernel would answer the input with a reset, and the peer would lose bytes that it has not read yet: an
// uploading client would never see why it was refused.
//
// Lingering ends with the peer's stream; when the peer has sent nothing for `Options.lingerTimeout`; after
// `Options.lingerLimit` in any case; and when others need the descriptor, the oldest first. Only received bytes count
// as progress: a peer that reads slowly and sends nothing gets the rest from the kernel after the descriptor is closed.
extension Streams {
  /// Whether closing now could make the kernel send a reset, which destroys what the peer has not read yet: it does
  /// when input is unread or still arriving. During a shutdown, the latter counts only where it would destroy
  /// something: what the peer has not received.
  @inline(__always)
  func mayLoseOutput(_ slot: ConnectionSlot, _ turn: borrowing Turn<System>) -> Bool {
    let flags = slot.pointee.life.flags
    var isInputEnded = flags.contains(.inputEnded)
    // The end that a filter tells of may come before that of the socket's stream.
    if let filters = slot.pointee.filters, filters.pointee.isActive { isInputEnded = filters.pointee.isNetworkEnded }
    guard flags.contains(.hasSent), !isInputEnded, !slot.pointee.isDatagram else { return false }
    let fd = slot.pointee.fd
    return !turn.isDraining || turn.system.unreadCount(fd) > 0
      || slot.pointee.isTCP && turn.system.unacknowledgedCount(fd) > 0
  }

  /// Ends the output, and throws input away until the peer ends its stream too or time is up.
  mutating func linger(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    assert(slot.pointee.life.phase == .ended && slot.pointee.fd >= 0)
    assert(slot.pointee.timer == nil && slot.pointee.filters == nil && !slot.pointee.hasOutbound)
    guard turn.options.lingerTimeout > .zero, turn.options.lingerLimit > .zero,
      turn.system.endOutput(of: slot.pointee.fd) == 0
    else { return free(slot, &turn) }
    slot.pointee.life.phase = .lingering
    slot.pointee.dropInbound()
    let table = connections
    lingering.add(slot.pointee.token) { table.pointee.find($0)?.pointee.life.phase == .lingering }
    // Not from the time of the turn: the callback that has closed the connection may have taken long.
    let now = turn.system.now
    slot.pointee.lastReceived = now
    slot.pointee.timeout = now + turn.options.lingerLimit
    setLingerTimer(slot, now, &turn)
    let token = slot.pointee.token
    limitLingering(&turn)
    guard slot.pointee.token == token else { return }
    if slot.pointee.interest != .readable { watch(slot, .readable, &turn) }
  }

  /// Reads and drops the input of a lingering connection.
  mutating func throwInputAway(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    assert(slot.pointee.life.phase == .lingering && areBuffersEmpty)
    let buffer = unsafe input.freeSegments(minimumCapacity: turn.options.readBufferCapacity).first
    switch unsafe turn.system.receiving(slot.pointee.fd, into: buffer) {
    case .moved(0): take(.inputEnded(mayAnswer: false), slot, &turn)
    // The timer is not moved: it fires too early, and is set anew then.
    case .moved: slot.pointee.lastReceived = turn.system.now
    case .wouldBlock: break
    case .failed: take(.hungUp, slot, &turn)
    }
  }

  /// Ends a connection that has lingered for long enough. Arrived bytes are read first: a process that was stopped does
  /// not cut punctual peers.
  mutating func lingerTimerFired(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    assert(slot.pointee.life.phase == .lingering && slot.pointee.timer == nil)
    let token = slot.pointee.token
    throwInputAway(slot, &turn)
    guard slot.pointee.token == token else { return }
    assert(input.isEmpty && slot.pointee.timer == nil)
    let now = turn.system.now
    if lingerDeadline(slot, turn) <= now { free(slot, &turn) } else { setLingerTimer(slot, now, &turn) }
  }

  private func setLingerTimer(_ slot: ConnectionSlot, _ now: Poller.Instant, _ turn: inout Turn<System>) {
    assert(slot.pointee.timer == nil)
    slot.pointee.timer = turn.timers.set(.connection(slot.pointee.token), at: lingerDeadline(slot, turn), now: now)
  }

  private func lingerDeadline(_ slot: ConnectionSlot, _ turn: borrowing Turn<System>) -> Poller.Instant {
    min(slot.pointee.lastReceived + Self.lingerTimeout(turn), slot.pointee.timeout)
  }

  private static func lingerTimeout(_ turn: borrowing Turn<System>) -> Duration {
    turn.isDraining ? min(turn.options.lingerTimeout, .milliseconds(500)) : turn.options.lingerTimeout
  }

  // MARK: Limits

  /// Ends the connections that have lingered for the longest, where there are too many.
  ///
  /// Open connections come before lingering ones under `Options.maxConnections`: a new connection is worth more than what
  /// an old one may not have read. Each loop has an equal part of what open connections leave.
  @inline(never)
  mutating func limitLingering(_ turn: inout Turn<System>) {
    var limit = lingering.limit
    if let maximum = turn.options.maxConnections {
      let (left, loopCount) = (max(0, maximum - turn.server.connectionCount), turn.server.loopCount)
      limit = min(limit, (left + loopCount - 1) / loopCount)
    }
    while lingering.count > limit, let token = lingering.takeOldest() {
      guard let slot = connections.pointee.find(token), slot.pointee.life.phase == .lingering else { continue }
      free(slot, &turn)
    }
    assert(lingering.count <= limit)
  }

  /// Has a lingering connection not hold a shutdown up.
  mutating func hastenLingering(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    assert(slot.pointee.life.phase == .lingering && turn.isDraining)
    guard let timer = slot.pointee.timer else { return assertionFailure("a lingering connection has no timer") }
    let now = turn.system.now
    slot.pointee.lastReceived = now
    turn.timers.move(timer, to: lingerDeadline(slot, turn), now: now)
  }
}

/// The lingering connections of a loop, the oldest first.
struct LingeringQueue {
  /// The most connections that may linger.
  let limit: Int
  /// The number of connections that linger.
  private(set) var count = 0
  /// The connections in their order, and connections that have ended meanwhile.
  private var tokens: [ConnectionToken] = []
  private var first = 0

  /// - Parameter limit: the most connections that may linger.
  init(limit: Int) { self.limit = limit }

  /// Adds a connection.
  ///
  /// - Parameter isLingering: whether a connection of the queue lingers still; the others are forgotten.
  mutating func add(_ token: ConnectionToken, isLingering: (ConnectionToken) -> Bool) {
    if tokens.count >= 2 * count + Self.slack {
      tokens = tokens[first...].filter(isLingering)
      first = 0
      assert(tokens.count == count)
    }
    count += 1
    tokens.append(token)
    assert(count <= tokens.count - first)
  }

  /// The number of places that are not worth the search for connections that have ended.
  private static var slack: Int { 64 }

  /// The number of connections in the queue, those included that have ended.
  var storedCount: Int { tokens.count }

  /// Takes in that a connection lingers no longer.
  mutating func noteEnd() {
    assert(count > 0)
    count -= 1
    if count == 0 { (tokens, first) = ([], 0) }
  }

  /// Takes the oldest connection, which may have ended meanwhile; `nil` without one. It lingers until `noteEnd()`.
  mutating func takeOldest() -> ConnectionToken? {
    guard first < tokens.count else { return nil }
    first += 1
    return tokens[first - 1]
  }
}
