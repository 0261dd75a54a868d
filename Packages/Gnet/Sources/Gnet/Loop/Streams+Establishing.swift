internal import Logging
internal import Poller
internal import RingBuffer
internal import SystemPackage

// Connections whose filters have to be established before `opened`: a slot in the phase `establishing` with a chain of
// filters. Nothing of such a connection is called. It ends
//
//   opened      when every filter is established or done; what has arrived for the handler is offered at once
//   failed      when a filter has thrown, after what it wrote was sent; when the filters' time or `Options.readTimeout` is
//               over; when the peer is gone: counted and closed, or told to the one who has dialled
//   taken back  by the handle of an outbound connection (Streams+Connecting.swift), and by a shutdown unless the peer has
//               begun to send
extension Streams {
  /// Begins with the filters of a connection.
  ///
  /// - Parameter requestedName: the host that was asked for, if this side has established the connection.
  mutating func establish(
    _ slot: ConnectionSlot, _ factories: [ConnectionFilter.Factory], requestedName: String?,
    _ turn: inout Turn<System>
  ) {
    assert(slot.pointee.life.phase == .establishing && slot.pointee.filters == nil && areBuffersEmpty)
    let local = try? turn.system.localAddress(of: slot.pointee.fd)
    let context = FilterContext(
      isOutbound: slot.pointee.isOutbound, requestedName: requestedName,
      localAddress: local ?? SocketAddress(.unix(path: "")), remoteAddress: slot.pointee.remote)
    let stages = factories.map { Pinned(FilterStage($0)) }
    slot.pointee.filters = Pinned(FilterChain(stages, context, loop.filterBuffers))
    let (token, now) = (slot.pointee.token, turn.system.now)
    slot.pointee.lastReceived = now
    slot.pointee.lastSent = now
    passEstablishing(slot, isLast: false, &turn)
    if isShuttingDown && slot.pointee.token == token { endUnlessBegun(slot, &turn) }
  }

  /// Serves an event of a connection whose filters are not established.
  mutating func serveEstablishing(_ slot: ConnectionSlot, _ event: Poller.Event, _ turn: inout Turn<System>) {
    assert(slot.pointee.life.phase == .establishing)
    if event.isReadable && slot.pointee.interest.contains(.readable) {
      receiveEstablishing(slot, &turn)
    } else {
      settleEstablishing(slot, &turn)
    }
  }

  /// Receives once, and passes what arrived up through the filters.
  mutating func receiveEstablishing(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    assert(slot.pointee.life.phase == .establishing && areBuffersEmpty)
    guard let filters = slot.pointee.filters, filters.pointee.failure == nil else { return }
    switch receiveNetwork(slot, turn.options.readBufferCapacity, turn.system) {
    case .moved(0):
      // A peer that looks whether somebody listens is no failure.
      if !filters.pointee.hasReceived && slot.pointee.handleQueue?.dial == nil {
        return closeAccepted(slot, nil, &turn)
      }
      passEstablishing(slot, isLast: true, &turn)
    case .moved(let count):
      filters.pointee.hasReceived = true
      noteReceived(slot, count, &turn)
      passEstablishing(slot, isLast: false, &turn)
    case .wouldBlock:
      break
    case .failed(let error):
      callFailed(slot, .receive, error, &turn)
    }
  }

  private mutating func passEstablishing(_ slot: ConnectionSlot, isLast: Bool, _ turn: inout Turn<System>) {
    guard let filters = slot.pointee.filters else { return assertionFailure("a connection has no filters") }
    assert(slot.pointee.life.phase == .establishing && slot.pointee.handler == nil)
    passUp(slot, filters, isLast: isLast, &turn)
    if !input.isEmpty {
      slot.pointee.inbound.write(prefix: input.count, of: input)
      input.removeAll()
    }
    settleEstablishing(slot, &turn)
  }

  /// Sends the output of the filters, and opens or ends the connection if that is due.
  private mutating func settleEstablishing(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    guard let filters = slot.pointee.filters else { return assertionFailure("a connection has no filters") }
    assert(slot.pointee.life.phase == .establishing && areBuffersEmpty)
    // The last bytes of the filters leave with what `opened` writes.
    if filters.pointee.failure == nil && filters.pointee.isEstablished { return open(slot, filters, &turn) }
    filters.pointee.send(isLast: false, into: &slot.pointee.outbound)
    let count = slot.pointee.outbound.count
    if count > 0 { send(slot, from: &slot.pointee.outbound, count, &turn) }
    slot.pointee.outbound.giveBackSlack()
    if slot.pointee.life.flags.contains(.outputBroken) && filters.pointee.failure == nil {
      return callFailed(slot, .send, slot.pointee.failure ?? .brokenPipe, &turn)
    }
    if let failure = filters.pointee.failure, slot.pointee.outbound.isEmpty {
      return filtersFailed(slot, failure, &turn)
    }
    var interest: Poller.Interest = slot.pointee.outbound.isEmpty ? [] : .writable
    let isFull = slot.pointee.outbound.count >= max(1, turn.options.outboundHighWatermark)
    if filters.pointee.failure == nil && !isFull { interest.insert(.readable) }
    let token = slot.pointee.token
    if interest != slot.pointee.interest { watchEstablishing(slot, interest, &turn) }
    if slot.pointee.token == token && slot.pointee.handleQueue?.dial == nil { armEstablishingTimer(slot, &turn) }
  }

  private mutating func watchEstablishing(
    _ slot: ConnectionSlot, _ interest: Poller.Interest, _ turn: inout Turn<System>
  ) {
    assert(slot.pointee.life.phase == .establishing && interest != slot.pointee.interest)
    slot.pointee.interest = interest
    do throws(Errno) {
      try turn.selector.modify(slot.pointee.fd, .connection(slot.pointee.token), interest, .level)
    } catch {
      callFailed(slot, .watch, error, &turn)
    }
  }

  /// Opens a connection whose filters are established, and offers what has arrived for its handler.
  private mutating func open(_ slot: ConnectionSlot, _ filters: Pinned<FilterChain>, _ turn: inout Turn<System>) {
    assert(filters.pointee.isEstablished && filters.pointee.failure == nil)
    let token = slot.pointee.token
    dropTimer(slot, &turn)
    if let dial = slot.pointee.handleQueue?.dial {
      open(slot, dial, &turn)
    } else {
      open(slot, handlers(ofListener: Int(slot.pointee.addressIndex)), &turn)
    }
    guard slot.pointee.token == token, slot.pointee.life.isOpen else { return }
    if slot.pointee.life.phase == .filtered && slot.pointee.life.flags.contains(.readingPaused) {
      filters.pointee.holdsInput = slot.pointee.hasInbound
    } else if slot.pointee.hasInbound && slot.pointee.life.mayReact {
      react(slot, &turn)
      guard slot.pointee.token == token, slot.pointee.life.isOpen else { return }
    }
    endFilteredInput(slot, filters, &turn)
    guard slot.pointee.token == token, slot.pointee.life.isOpen else { return }
    if isShuttingDown { askToEnd(slot, &turn) }
  }

  // MARK: The end

  /// Ends a connection because of its filters. Their last output was sent, and is to reach the peer.
  private mutating func filtersFailed(_ slot: ConnectionSlot, _ error: any Error, _ turn: inout Turn<System>) {
    assert(!slot.pointee.hasOutbound)
    if let dial = slot.pointee.handleQueue?.dial {
      fail(dial, leaving: slot, .filter(dial.address, reason: "\(error)"), &turn)
      return close(slot, lingers: true, &turn)
    }
    if !(error is FilterEndedEarly) { loop.count(in: &turn.counters) { $0.filterFailures &+= 1 } }
    turn.options.logger?.debug("the filter of a connection from \(slot.pointee.remote) failed: \(error)")
    loop.removeConnection()
    close(slot, lingers: true, &turn)
  }

  /// Ends a connection because of a system call.
  private mutating func callFailed(
    _ slot: ConnectionSlot, _ call: SystemCall, _ error: Errno, _ turn: inout Turn<System>
  ) {
    if let dial = slot.pointee.handleQueue?.dial { return fail(dial, dial.failure(of: call, error), &turn) }
    closeAccepted(slot, error, &turn)
  }

  /// Gives up an accepted connection.
  private mutating func closeAccepted(_ slot: ConnectionSlot, _ error: Errno?, _ turn: inout Turn<System>) {
    assert(slot.pointee.handleQueue?.dial == nil, "a dial's connection is taken for an accepted one")
    slot.pointee.filters?.pointee.abandon(error)
    loop.removeConnection()
    close(slot, lingers: false, &turn)
  }

  /// Closes a connection that was not opened.
  private mutating func close(_ slot: ConnectionSlot, lingers: Bool, _ turn: inout Turn<System>) {
    assert(slot.pointee.life.phase == .establishing && slot.pointee.handler == nil)
    dropTimer(slot, &turn)
    let lingers = lingers && !slot.pointee.life.flags.contains(.outputBroken) && mayLoseOutput(slot, turn)
    slot.pointee.dropFilters()
    slot.pointee.life.phase = .ended
    if lingers { linger(slot, &turn) } else { free(slot, &turn) }
    assert(slotsMatch(turn.counters))
  }

  /// Reads the arrived bytes, and ends an accepted connection whose peer has sent nothing.
  mutating func endUnlessBegun(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    assert(isShuttingDown)
    let token = slot.pointee.token
    guard slot.pointee.life.phase == .establishing, let filters = slot.pointee.filters else { return }
    receiveEstablishing(slot, &turn)
    guard slot.pointee.token == token, slot.pointee.life.phase == .establishing, !filters.pointee.hasReceived else {
      return
    }
    closeAccepted(slot, nil, &turn)
  }

  /// Ends an accepted connection at once.
  mutating func endEstablishing(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    if slot.pointee.filters != nil && slot.pointee.handleQueue?.dial == nil { closeAccepted(slot, nil, &turn) }
  }

  // MARK: Deadlines

  private func armEstablishingTimer(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    assert(slot.pointee.life.phase == .establishing && slot.pointee.handleQueue?.dial == nil)
    let (deadline, now) = (slot.pointee.ownDeadline(turn.options), turn.system.now)
    if let timer = slot.pointee.timer {
      turn.timers.move(timer, to: deadline, now: now)
    } else if deadline < .never {
      slot.pointee.timer = turn.timers.set(.connection(slot.pointee.token), at: deadline, now: now)
    }
    assert(slot.pointee.timer != nil || deadline == .never)
  }

  /// Ends a connection whose filters were not established in time, unless bytes that have arrived meanwhile establish
  /// them.
  mutating func establishingTimerFired(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    assert(slot.pointee.timer == nil && slot.pointee.handleQueue?.dial == nil)
    let token = slot.pointee.token
    if slot.pointee.ownDeadline(turn.options) <= turn.system.now {
      receiveEstablishing(slot, &turn)
      guard slot.pointee.token == token, slot.pointee.life.phase == .establishing else { return }
      if slot.pointee.ownDeadline(turn.options) <= turn.system.now {
        loop.count(in: &turn.counters) { $0.filterFailures &+= 1 }
        turn.options.logger?.debug("the filter of a connection from \(slot.pointee.remote) was not established in time")
        return closeAccepted(slot, .timedOut, &turn)
      }
    }
    armEstablishingTimer(slot, &turn)
  }
}
