internal import Poller
internal import RingBuffer

// The invariants that hold whenever a loop waits. A simulation checks them after each step.
extension Loop {
  var violations: [String] {
    var violations = streams.violations(turn)
    let waiting = datagrams.accountedByteCount + streams.accountedByteCount
    if turn.counters.pendingOutputBytes != UInt64(waiting) {
      violations.append(
        "\(turn.counters.pendingOutputBytes) bytes of output are counted, those of the connections are \(waiting)")
    }
    return violations.map { "loop \(loop.index): \($0)" }
  }
}

extension Datagrams {
  fileprivate var accountedByteCount: Int { sockets.reduce(0) { $0 + ($1?.accountedBytes ?? 0) } }
}

extension Streams {
  fileprivate var accountedByteCount: Int {
    var count = 0
    forEachSlot { count += $0.pointee.accountedOutput }
    return count
  }

  private func forEachSlot(_ body: (ConnectionSlot) -> Void) {
    for index in 0..<UInt32(connections.pointee.capacity) { body(connections.pointee[index]) }
  }

  fileprivate func violations(_ turn: borrowing Turn<System>) -> [String] {
    var violations: [String] = []
    var (used, open, lingerers, timers, establishing) = (0, 0, 0, 0, 0)
    forEachSlot { slot in
      let phase = slot.pointee.life.phase
      if phase == .ended {
        if slot.pointee.fd >= 0 { violations.append("a free slot has the descriptor \(slot.pointee.fd)") }
        return
      }
      used += 1
      if slot.pointee.life.isOpen { open += 1 }
      if phase == .lingering { lingerers += 1 }
      if phase == .establishing { establishing += 1 }
      if slot.pointee.timer != nil { timers += 1 }
      for text in slot.pointee.violations(turn.options) { violations.append("descriptor \(slot.pointee.fd): \(text)") }
    }
    func require(_ holds: Bool, _ text: @autoclosure () -> String) { if !holds { violations.append(text()) } }
    require(used == connections.pointee.count, "\(connections.pointee.count) slots are counted, \(used) are in use")
    require(
      open == Int(turn.counters.connectionsActive),
      "\(turn.counters.connectionsActive) connections are counted, \(open) are open")
    require(
      lingerers == lingering.count, "\(lingering.count) connections are counted as lingering, \(lingerers) linger")
    require(
      establishing == dials.reduce(0) { $0 + $1.attempts.count },
      "\(establishing) connections are being established, those of the dials are others")
    timers += dials.count { $0.timer != nil }
    require(timers <= turn.timers.count, "\(timers) timers are referred to, \(turn.timers.count) are set")
    require(input.isEmpty && output.pointee.isEmpty && forwarded.pointee.isEmpty, "a lent buffer is not empty")
    require(connections.pointee.forwardedTo == nil, "output of another connection was not sent")
    return violations
  }
}

extension ConnectionState {
  /// The invariants of a connection in use that do not hold while its loop waits.
  fileprivate func violations(_ options: borrowing Options) -> [String] {
    var violations: [String] = []
    func require(_ holds: Bool, _ text: @autoclosure () -> String) { if !holds { violations.append(text()) } }
    require(fd >= 0, "a connection has no descriptor")
    require(!isInCallback, "a callback has not ended")
    require((handler != nil) == life.isOpen, "a handler in the phase \(life.phase)")
    if life.phase == .lingering {
      require(timer != nil, "a lingering connection has no timer")
      require(interest == .readable, "a lingering connection is not read from")
    }
    guard life.isOpen, !isQueued else { return violations }
    require(accountedOutput == unsentCount, "\(accountedOutput) bytes of output are counted, \(unsentCount) wait")
    require(!life.flags.contains(.hasRequests), "requests of a handler were not met")
    require(!life.flags.contains(.settleDue), "a connection is to be settled and is not queued")
    require(!life.flags.contains(.aborted), "an aborted connection is open")
    require(
      interest.contains(.writable) == (unsentCount > 0), "the interest \(interest) with \(unsentCount) bytes unsent")
    require(
      interest.contains(.readable) ? life.wantsInput || life.isOnlyPaused : !life.wantsInput,
      "the interest \(interest) with the flags \(life.flags)")
    require(life.ending == .none || unsentCount > 0, "an ending connection has nothing to wait for")
    if timeout != .never { require(timer != nil, "a time-out has no timer") }
    return violations
  }
}
