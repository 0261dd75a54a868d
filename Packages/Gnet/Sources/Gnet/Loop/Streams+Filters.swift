internal import Poller
internal import RingBuffer
internal import SystemPackage

// Open connections with filters, in the phase `filtered`. The differences from the phase `open`:
//
//   received bytes    into the loop's network buffer, up through the filters, and what these write for the handler to `react`
//   written bytes     before the filters at first; a settling passes them down, behind the filters' replies, into
//                     `outbound`, and sends that
//   pending output    the bytes before the filters and in `outbound` together
//   watched for       also readable where a filter waits for the peer, whatever the handler wants; writable only for what
//                     is in `outbound`
//
// A filter that throws leaves its error in the chain, which nothing passes any more; the connection is closed in order.
//
// Functions that change nothing are mutating too: of a borrowed `self` each call would make a copy.
extension Streams {
  /// Serves an event of a connection with filters.
  mutating func serveFiltered(_ slot: ConnectionSlot, _ event: Poller.Event, _ turn: inout Turn<System>) {
    assert(slot.pointee.life.phase == .filtered && areBuffersEmpty)
    if event.isWritable, !slot.pointee.outbound.isEmpty {
      flush(slot, &turn)
      guard slot.pointee.life.phase == .filtered else { return }
    }
    guard event.isReadable else { return }
    if slot.pointee.interest.contains(.readable) {
      if slot.pointee.life.wantsInput || needsPeer(slot, turn.options) { receiveFiltered(slot, &turn) }
    } else if event.isError || event.isPeerClosed {
      hangUp(slot, &turn)
    }
  }

  /// The interest of a connection whose life has decided on `wanted`.
  @inline(never)
  mutating func filteredInterest(
    _ slot: ConnectionSlot, _ wanted: Poller.Interest, _ turn: inout Turn<System>
  ) -> Poller.Interest {
    assert(slot.pointee.life.phase == .filtered && !slot.pointee.isInCallback)
    var interest: Poller.Interest = []
    if wanted.contains(.readable) || needsPeer(slot, turn.options) { interest.insert(.readable) }
    if !slot.pointee.outbound.isEmpty { interest.insert(.writable) }
    guard let filters = slot.pointee.filters, filters.pointee.holdsInput || filters.pointee.isEndDue else {
      return interest
    }
    guard slot.pointee.life.mayReact, !slot.pointee.life.flags.contains(.readingPaused) else { return interest }
    if filters.pointee.holdsInput {
      filters.pointee.holdsInput = false
      slot.pointee.life.flags.insert(.wakeRequested)
      connections.pointee.enqueue(slot)
    } else if !slot.pointee.life.flags.contains(.inputEnded) {
      connections.pointee.enqueue(slot)
    }
    return interest
  }

  /// Whether a filter has to hear from the peer before anything can go on: also while reading is paused or output is full.
  @inline(__always)
  func needsPeer(_ slot: ConnectionSlot, _ options: borrowing Options) -> Bool {
    guard let filters = slot.pointee.filters, filters.pointee.failure == nil, !filters.pointee.isNetworkEnded else {
      return false
    }
    return (!filters.pointee.isEstablished || filters.pointee.holdsOutput)
      && slot.pointee.inbound.count < max(1, options.outboundHighWatermark)
  }

  /// Has filters begin that were added, or passes output down and sends it.
  ///
  /// - Returns: whether the connection is settled already.
  @inline(never)
  mutating func settleFiltered(_ slot: ConnectionSlot, _ turn: inout Turn<System>) -> Bool {
    assert(slot.pointee.life.phase == .filtered && areBuffersEmpty)
    guard let filters = slot.pointee.filters, filters.pointee.isBeginDue else {
      sendFiltered(slot, &turn)
      return false
    }
    pass(slot, isLast: slot.pointee.life.flags.contains(.inputEnded) || filters.pointee.isNetworkEnded, &turn)
    return true
  }

  // MARK: Up

  /// Receives once, and passes what arrived up through the filters.
  ///
  /// - Returns: whether bytes were received.
  @inline(never)
  @discardableResult
  mutating func receiveFiltered(_ slot: ConnectionSlot, _ turn: inout Turn<System>) -> Bool {
    assert(slot.pointee.life.phase == .filtered && areBuffersEmpty)
    var limit = turn.options.readBufferCapacity
    let unsentCount = slot.pointee.unsentCount
    // Bytes that only a filter needs bring no answers of the handler.
    if unsentCount > 0 && slot.pointee.life.wantsInput && !slot.pointee.life.isFullDuplex {
      limit = Self.receiveLimit(unsentCount, turn.options)
    }
    switch receiveNetwork(slot, limit, turn.system) {
    case .moved(0):
      pass(slot, isLast: true, &turn)
    case .moved(let count):
      noteReceived(slot, count, &turn)
      pass(slot, isLast: false, &turn)
      return true
    case .wouldBlock:
      take(.inputExhausted, slot, &turn)
    case .failed(let error):
      fail(slot, error, &turn)
    }
    return false
  }

  /// Receives into the network buffer, which is empty before.
  mutating func receiveNetwork(_ slot: ConnectionSlot, _ limit: Int, _ system: System) -> Transfer {
    let network = loop.filterBuffers.pointee.network
    assert(network.pointee.isEmpty && limit > 0)
    let free = unsafe network.pointee.freeSegments(minimumCapacity: limit).first
    assert(limit <= free.count)
    let buffer = unsafe UnsafeMutableRawBufferPointer(start: free.baseAddress, count: limit)
    let transfer = unsafe system.receiving(slot.pointee.fd, into: buffer)
    if case .moved(let count) = transfer { network.pointee.commit(count) }
    return transfer
  }

  /// Counts received bytes.
  mutating func noteReceived(_ slot: ConnectionSlot, _ count: Int, _ turn: inout Turn<System>) {
    assert(count > 0)
    turn.counters.reads &+= 1
    turn.counters.bytesRead &+= UInt64(count)
    if tracksActivity { slot.pointee.lastReceived = turn.system.now }
  }

  /// Gives the bytes that the handler has left to filters that were added.
  @inline(never)
  mutating func moveUnreadBelowFilters(_ slot: ConnectionSlot) {
    guard let filters = slot.pointee.filters, filters.pointee.isBeginDue else { return }
    filters.pointee.takeUnread(&slot.pointee.inbound)
    slot.pointee.inbound.giveBackSlack()
    slot.pointee.life.flags.remove(.holdsInput)
    assert(!slot.pointee.hasInbound, "bytes for an added filter were left for the handler")
  }

  /// Passes the arrived bytes up through the filters, and offers the outcome to the handler.
  ///
  /// - Parameter isLast: whether the socket's stream has ended.
  private mutating func pass(_ slot: ConnectionSlot, isLast: Bool, _ turn: inout Turn<System>) {
    guard let filters = slot.pointee.filters else { return assertionFailure("a connection has no filters") }
    assert(slot.pointee.life.phase == .filtered && filters.pointee.isActive)
    let token = slot.pointee.token
    passUp(slot, filters, isLast: isLast, &turn)
    if !filters.pointee.isActive { slot.pointee.life.phase = .open }
    if filters.pointee.deadline < .never { armTimer(slot, &turn) }
    if offers(slot, filters) {
      react(slot, &turn)
    } else {
      holdInput(slot, filters)
      settle(slot, .none, &turn)
    }
    assert(areBuffersEmpty)
    guard slot.pointee.token == token, slot.pointee.life.isOpen else { return }
    if filters.pointee.failure != nil {
      slot.pointee.end(.close)
      settle(slot, .none, &turn)
    } else {
      endFilteredInput(slot, filters, &turn)
    }
  }

  /// Applies the end of the peer's stream, as reported by the socket or a filter. The end waits while earlier bytes
  /// must not be offered to the handler, as that of a socket does. If sending has failed, the connection ends.
  mutating func endFilteredInput(_ slot: ConnectionSlot, _ filters: Pinned<FilterChain>, _ turn: inout Turn<System>) {
    let life = slot.pointee.life
    guard filters.pointee.isEndDue, !life.flags.contains(.inputEnded) else { return }
    if life.wantsInput || life.ending == .none && life.flags.contains(.outputBroken) { endInput(slot, &turn) }
  }

  /// Passes the network buffer up through the filters. Replies are added to the bytes to be sent.
  mutating func passUp(
    _ slot: ConnectionSlot, _ filters: Pinned<FilterChain>, isLast: Bool, _ turn: inout Turn<System>
  ) {
    let (network, sealed) = (loop.filterBuffers.pointee.network, loop.filterBuffers.pointee.sealed)
    assert(input.isEmpty && sealed.pointee.isEmpty && !slot.pointee.isInCallback)
    filters.pointee.receive(
      &network.pointee, into: &input, reply: &sealed.pointee, isLast: isLast, now: turn.system.now)
    assert(network.pointee.isEmpty, "received bytes are in no filter")
    if !sealed.pointee.isEmpty { keepUnsent(slot, sealed, turn.options) }
    if let peer = filters.pointee.takeNewPeer() { slot.pointee.remote = peer }
  }

  /// Whether the bytes from the filters are offered to the handler at once. Before an end by a filter's error, or by a
  /// peer that takes nothing more, pauses and full output do not count.
  private mutating func offers(_ slot: ConnectionSlot, _ filters: Pinned<FilterChain>) -> Bool {
    if input.isEmpty { return false }
    let life = slot.pointee.life
    if filters.pointee.failure != nil || life.flags.contains(.outputBroken) {
      return life.ending == .none && !life.flags.contains(.aborted)
    }
    return life.mayReact && !life.flags.contains(.readingPaused)
  }

  /// Keeps the bytes from the filters for a handler that does not want to be called now.
  private mutating func holdInput(_ slot: ConnectionSlot, _ filters: Pinned<FilterChain>) {
    if input.isEmpty { return }
    if slot.pointee.life.ending == .none {
      slot.pointee.inbound.write(prefix: input.count, of: input)
      filters.pointee.holdsInput = slot.pointee.life.flags.contains(.readingPaused)
    }
    input.removeAll()
  }

  /// Takes in the end of the peer's stream that has waited for the handler.
  @inline(never)
  mutating func endFilteredInput(_ token: ConnectionToken, _ turn: inout Turn<System>) {
    guard let slot = connections.pointee.find(token), let filters = slot.pointee.filters else { return }
    endFilteredInput(slot, filters, &turn)
  }

  // MARK: Down

  /// Passes output down through the filters, and the end of the output behind all of it; sends what they have written.
  private mutating func sendFiltered(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    assert(slot.pointee.life.phase == .filtered && !slot.pointee.isInCallback)
    guard let filters = slot.pointee.filters, !slot.pointee.life.flags.contains(.aborted) else { return }
    if slot.pointee.life.flags.contains(.outputBroken) {
      slot.pointee.outbound = RingBuffer()
      return filters.pointee.dropOutput()
    }
    // The handler may have stopped at the watermark, however much of it the kernel takes at once.
    if slot.pointee.unsentCount >= max(1, turn.options.outboundHighWatermark) {
      slot.pointee.life.flags.insert(.outputFull)
    }
    // The output ends behind the handshakes of added filters.
    let isLast =
      slot.pointee.life.ending == .close
      || slot.pointee.life.flags.contains(.outputEnding) && filters.pointee.isEstablished
    if slot.pointee.hasOutbound {
      // The selector tells when the kernel takes more.
      let isBlocked = slot.pointee.interest.contains(.writable)
      filters.pointee.send(isLast: isLast, into: &slot.pointee.outbound)
      if filters.pointee.failure != nil { slot.pointee.end(.close) }
      if !isBlocked {
        sendPending(slot, &turn)
        // Bytes that a hook has forwarded.
        connections.pointee.keepForwarded()
      }
    } else {
      let sealed = loop.filterBuffers.pointee.sealed
      assert(sealed.pointee.isEmpty)
      filters.pointee.send(isLast: isLast, into: &sealed.pointee)
      if filters.pointee.failure != nil { slot.pointee.end(.close) }
      if !sealed.pointee.isEmpty { flush(slot, from: sealed, &turn) }
    }
    if filters.pointee.isNetworkEnded && filters.pointee.holdsOutput { breakOutput(slot, .brokenPipe) }
  }

  /// Sends the bytes that a callback of another connection has given to a connection with filters.
  @inline(never)
  mutating func flushForwardedThroughFilters(_ token: ConnectionToken, _ turn: inout Turn<System>) {
    guard let target = connections.pointee.find(token), target.pointee.life.takesFilteredOutput else {
      return forwarded.pointee.removeAll()
    }
    // Of the same capacity, so that the storage is exchanged and the buffer keeps its size.
    target.pointee.filters?.pointee.write(moving: &forwarded.pointee)
    assert(areBuffersEmpty)
    settleUnsteady(target, &turn)
  }
}
