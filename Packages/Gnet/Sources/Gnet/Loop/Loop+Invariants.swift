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
    var (used, open, lingerers, timers, dialled, accepted) = (0, 0, 0, 0, 0, 0)
    var hasFilters = false
    forEachSlot { slot in
      let phase = slot.pointee.life.phase
      if phase == .ended {
        if slot.pointee.fd >= 0 { violations.append("a free slot has the descriptor \(slot.pointee.fd)") }
        return
      }
      used += 1
      if slot.pointee.life.isOpen { open += 1 }
      if phase == .lingering { lingerers += 1 }
      if phase == .establishing {
        if slot.pointee.handleQueue?.dial == nil { accepted += 1 } else { dialled += 1 }
      }
      if slot.pointee.timer != nil { timers += 1 }
      if slot.pointee.filters != nil { hasFilters = true }
      let texts = slot.pointee.violations(turn.options, wantsPeer: needsPeer(slot, turn.options))
      for text in texts { violations.append("descriptor \(slot.pointee.fd): \(text)") }
    }
    func require(_ holds: Bool, _ text: @autoclosure () -> String) { if !holds { violations.append(text()) } }
    require(used == connections.pointee.count, "\(connections.pointee.count) slots are counted, \(used) are in use")
    require(
      open == Int(turn.counters.connectionsActive),
      "\(turn.counters.connectionsActive) connections are counted, \(open) are open")
    require(
      lingerers == lingering.count, "\(lingering.count) connections are counted as lingering, \(lingerers) linger")
    require(
      dialled == dials.reduce(0) { $0 + $1.progress.attempts.count },
      "\(dialled) connections are being established, those of the dials are others")
    // Connections that were dealt to the loop may wait in its mailbox.
    require(
      loop.connectionLoad >= open + accepted,
      "\(loop.connectionLoad) connections count for the balance, \(open + accepted) are served")
    require(
      !hasFilters
        || loop.filterBuffers.pointee.network.pointee.isEmpty && loop.filterBuffers.pointee.sealed.pointee.isEmpty,
      "a buffer of filters is not empty")
    timers += dials.count { $0.progress.timer != nil }
    require(timers <= turn.timers.count, "\(timers) timers are referred to, \(turn.timers.count) are set")
    require(input.isEmpty && output.pointee.isEmpty && forwarded.pointee.isEmpty, "a lent buffer is not empty")
    require(connections.pointee.forwardedTo == nil, "output of another connection was not sent")
    return violations
  }
}

extension ConnectionState {
  /// The invariants of a connection in use that do not hold while its loop waits.
  ///
  /// - Parameter wantsPeer: whether a filter has to hear from the peer.
  fileprivate func violations(_ options: borrowing Options, wantsPeer: Bool) -> [String] {
    var violations: [String] = []
    func require(_ holds: Bool, _ text: @autoclosure () -> String) { if !holds { violations.append(text()) } }
    require(fd >= 0, "a connection has no descriptor")
    require(!isInCallback, "a callback has not ended")
    require((handler != nil) == life.isOpen, "a handler in the phase \(life.phase)")
    if life.phase == .lingering {
      require(timer != nil, "a lingering connection has no timer")
      require(interest == .readable, "a lingering connection is not read from")
    }
    if life.phase == .establishing, let filters {
      require(!filters.pointee.isEstablished, "a connection whose filters are established is not open")
      require(filters.pointee.failure == nil || hasOutbound, "a connection whose filter has failed is not closed")
      require(
        interest.contains(.writable) == hasOutbound, "the interest \(interest), \(outboundCount) bytes unsent")
      let hasDeadline = filters.pointee.failure == nil && filters.pointee.deadline < .never && handleQueue?.dial == nil
      require(!hasDeadline || timer != nil, "the time of a filter has no timer")
    }
    guard life.isOpen, !isQueued else { return violations }
    require(accountedOutput == unsentCount, "\(accountedOutput) bytes of output are counted, \(unsentCount) wait")
    require(!life.flags.contains(.hasRequests), "requests of a handler were not met")
    require(!life.flags.contains(.settleDue), "a connection is to be settled and is not queued")
    require(!life.flags.contains(.aborted), "an aborted connection is open")
    // Bytes before the filters wait for these, and not for the socket.
    let socketCount = life.phase == .filtered ? outboundCount : unsentCount
    require(
      interest.contains(.writable) == (socketCount > 0), "the interest \(interest) with \(socketCount) bytes unsent")
    let isReadWanted = life.wantsInput || wantsPeer
    let mayBeWatched = isReadWanted || life.phase != .filtered && life.isOnlyPaused
    require(
      interest.contains(.readable) ? mayBeWatched : !isReadWanted,
      "the interest \(interest) with the flags \(life.flags)")
    require(life.ending == .none || unsentCount > 0, "an ending connection has nothing to wait for")
    if timeout != .never { require(timer != nil, "a time-out has no timer") }
    guard life.phase == .filtered, let filters else { return violations }
    require(filters.pointee.isActive, "no bytes pass through the filters of a connection")
    require(!filters.pointee.isBeginDue, "a filter that was added has not begun")
    require(filters.pointee.failure == nil || life.ending == .close, "a connection whose filter has failed goes on")
    require(filters.pointee.deadline == .never || timer != nil, "the time of a filter has no timer")
    let isOffered = !life.mayReact || life.flags.contains(.readingPaused)
    require(!filters.pointee.holdsInput || isOffered, "bytes for a handler that reads again are not offered")
    return violations
  }
}
