internal import Poller
internal import RingBuffer
internal import SystemPackage

// A connection has one timer for all its deadlines: of idleness, of silence, and of its handler. The timer is set to
// the earliest and is not moved when that is put off, which costs a request no more than a store: it fires too early
// then, and is set anew.
//
// Arrived bytes are offered, and waiting bytes are sent, before a deadline takes effect: a process that was stopped for
// longer than a time-out does not cut punctual peers.
extension Streams {
  /// Sets a connection's timer if there is none, or if the timer fires too late.
  mutating func armTimer(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    assert(slot.pointee.life.isOpen)
    let deadline = slot.pointee.earliestDeadline(turn.options)
    if let timer = slot.pointee.timer {
      turn.timers.move(timer, to: deadline, now: turn.system.now)
    } else if deadline < .never {
      slot.pointee.timer = turn.timers.set(
        .connection(slot.pointee.token), at: deadline, now: turn.system.now)
    }
    assert(slot.pointee.timer != nil || deadline == .never)
  }

  /// Counts the silence of a peer from now on, since it is read from again.
  mutating func restartReadTimeout(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    guard turn.options.readTimeout != nil else { return }
    assert(slot.pointee.life.isOpen && tracksActivity)
    slot.pointee.lastReceived = turn.system.now
    armTimer(slot, &turn)
  }

  /// Ends a connection that has been idle or has lingered for too long, or tells its handler that the handler's
  /// time-out is over.
  mutating func timerFired(_ token: ConnectionToken, _ turn: inout Turn<System>) {
    guard let slot = connections.pointee.find(token) else {
      preconditionFailure("a deadline has outlived its connection")
    }
    assert(slot.pointee.timer != nil && areBuffersEmpty)
    slot.pointee.timer = nil
    if slot.pointee.life.phase == .lingering { return lingerTimerFired(slot, &turn) }
    if slot.pointee.life.phase == .establishing { return establishingTimerFired(slot, &turn) }
    if slot.pointee.earliestDeadline(turn.options) <= turn.system.now {
      offerArrived(slot, &turn)
      guard slot.pointee.token == token, slot.pointee.life.isOpen else { return }
      if slot.pointee.hasOutbound { flush(slot, &turn) }
      guard slot.pointee.token == token, slot.pointee.life.isOpen else { return }
      let now = turn.system.now
      if slot.pointee.ownDeadline(turn.options) <= now { return fail(slot, .timedOut, &turn) }
      if slot.pointee.timeout <= now {
        tellTimedOut(slot, &turn)
        guard slot.pointee.token == token, slot.pointee.life.isOpen else { return }
      }
    }
    armTimer(slot, &turn)
  }

  private mutating func tellTimedOut(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    assert(slot.pointee.life.isOpen && slot.pointee.timeout != .never)
    slot.pointee.timeout = .never
    let wasEnding = slot.pointee.life.ending != .none
    let action = call(slot) { slot.pointee.handler?.timedOut(&$0) ?? .close }
    if action == .close {
      // A second close does not wait for the output that the first one waits for.
      if wasEnding && !slot.pointee.life.flags.contains(.aborted) { return fail(slot, .timedOut, &turn) }
      if slot.pointee.life.ending == .none { slot.pointee.failure = .timedOut }
    }
    settle(slot, action, &turn)
  }
}

extension ConnectionState {
  /// The deadline of the options: of a connection on which nothing moves, or from which nothing comes. Or that of a filter
  /// that is not established.
  ///
  /// A connection that is not read from for now cannot be silent.
  func ownDeadline(_ options: borrowing Options) -> Poller.Instant {
    var deadline = Poller.Instant.never
    if let timeout = options.idleTimeout { deadline = max(lastReceived, lastSent) + timeout }
    if life.wantsInput, let timeout = options.readTimeout { deadline = min(deadline, lastReceived + timeout) }
    if let filters { deadline = min(deadline, filters.pointee.deadline) }
    return deadline
  }

  /// The earliest deadline of the connection.
  fileprivate func earliestDeadline(_ options: borrowing Options) -> Poller.Instant {
    min(ownDeadline(options), timeout)
  }
}
