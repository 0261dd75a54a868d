internal import Poller
internal import RingBuffer
internal import SystemPackage

extension Streams {
  /// Ends a callback of a connection: sends what the callback wrote, then does what it asked for.
  mutating func settle(_ slot: ConnectionSlot, _ action: Action, _ turn: inout Turn<System>) {
    assert(slot.pointee.life.isOpen && !slot.pointee.isInCallback && input.isEmpty)
    switch action {
    case .none, .shutdown: break
    case .close: slot.pointee.end(.close)
    case .detach: endByDetaching(slot)
    }
    if slot.pointee.life.ending != .none && slot.pointee.handleQueue != nil { takeLastCalls(slot) }
    if !output.pointee.isEmpty { flush(slot, from: output, &turn) }
    if !slot.pointee.isSteady { settleUnsteady(slot, &turn) }
    assert(areBuffersEmpty)
    if action == .shutdown { turn.server.shutdown() }
  }

  /// Asks for the handing over of a connection, or for a close where that cannot be: the bytes of a filter mean nothing
  /// without the filter.
  @inline(never)
  private func endByDetaching(_ slot: ConnectionSlot) {
    if slot.pointee.life.phase == .filtered && slot.pointee.canDetach { slot.pointee.failure = .notSupported }
    let isPossible = slot.pointee.canDetach && slot.pointee.life.phase != .filtered
    slot.pointee.end(isPossible ? .detach : .close)
  }

  /// The slow path of `settle`.
  @inline(never)
  mutating func settleUnsteady(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    assert(slot.pointee.life.isOpen && output.pointee.isEmpty)
    if slot.pointee.life.flags.contains(.hasRequests) {
      applyRequests(slot, &turn)
      if slot.pointee.life.phase == .filtered { moveUnreadBelowFilters(slot) }
      // A handler that has taken over has settled the connection itself. An aborted connection is not handed over.
      if let successor = slot.pointee.successor.take(), !slot.pointee.life.flags.contains(.aborted) {
        return become(slot, successor, &turn)
      }
      if slot.pointee.isSteady { return }
    }
    if slot.pointee.life.phase == .filtered && settleFiltered(slot, &turn) { return }
    if slot.pointee.rare != nil {
      if slot.pointee.isDatagram { sendDatagrams(slot, &turn) }
      accountPending(slot, &turn)
      slot.pointee.giveOutboundBack()
    }
    take(.settled, slot, &turn)
  }

  /// Sends the bytes that a callback has given to another connection.
  mutating func flushForwarded(_ turn: inout Turn<System>) {
    let (table, forwarded) = (connections, forwarded)
    guard let token = table.pointee.forwardedTo.take() else { return }
    guard let target = table.pointee.find(token), target.pointee.life.takesOutput else {
      return flushForwardedThroughFilters(token, &turn)
    }
    if target.pointee.hasOutbound {
      // Behind earlier pending output: the selector reports when the socket is writable.
      target.pointee.outbound.append(moving: &forwarded.pointee)
      accountPending(target, &turn)
      take(.settled, target, &turn)
    } else {
      flush(target, from: forwarded, &turn)
      if !target.pointee.isSteady { settleUnsteady(target, &turn) }
    }
    assert(areBuffersEmpty)
    // Storage that was exchanged for another size is not kept.
    let capacity = output.pointee.capacity
    if forwarded.pointee.capacity != capacity { forwarded.pointee = RingBuffer(minimumCapacity: capacity) }
  }

  /// Sends the gathered output of a callback or of filters.
  @inline(__always)
  mutating func flush(_ slot: ConnectionSlot, from gathered: Pinned<RingBuffer>, _ turn: inout Turn<System>) {
    assert(!slot.pointee.hasOutbound, "bytes would overtake those that wait")
    let count = gathered.pointee.count
    if hasPreWriteHooks {
      if gathered == output { callPreWrite(slot, count) } else { announce(gathered, slot) }
    }
    send(slot, from: &gathered.pointee, count, &turn)
    if !gathered.pointee.isEmpty { keepUnsent(slot, gathered, turn.options) }
    assert(gathered.pointee.isEmpty)
    // The handler may have stopped at the watermark, however much of it the kernel has taken at once.
    if count >= turn.options.outboundHighWatermark { slot.pointee.life.flags.insert(.outputFull) }
  }

  /// Calls the hooks before output is sent that the connection's own callback has not gathered. Bytes that a hook writes
  /// come behind this output; bytes that a hook forwards are sent from the run queue, since no callback follows.
  @inline(never)
  private mutating func announce(_ gathered: Pinned<RingBuffer>, _ slot: ConnectionSlot) {
    // Set aside: the buffer of forwarded output may be the one.
    var announced = RingBuffer()
    swap(&announced, &gathered.pointee)
    callPreWrite(slot, announced.count)
    connections.pointee.keepForwarded()
    swap(&announced, &gathered.pointee)
    gathered.pointee.append(moving: &output.pointee)
  }

  /// Keeps the bytes that the kernel did not take in the connection's own ring.
  @inline(never)
  func keepUnsent(
    _ slot: ConnectionSlot, _ gathered: Pinned<RingBuffer>, _ options: borrowing Options
  ) {
    if slot.pointee.life.flags.contains(.outputBroken) {
      gathered.pointee.removeAll()
    } else if gathered.pointee.count > options.readBufferCapacity {
      slot.pointee.outbound.append(moving: &gathered.pointee)
    } else {
      slot.pointee.outbound.write(prefix: gathered.pointee.count, of: gathered.pointee)
      gathered.pointee.removeAll()
      // The connection's own ring grows from now on: the memory of a burst is not taken twice.
      if gathered.pointee.capacity > 2 * options.readBufferCapacity {
        gathered.pointee = RingBuffer(minimumCapacity: options.readBufferCapacity)
      }
    }
  }

  /// Sends pending output, once, and goes on with what waited for it.
  mutating func flush(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    assert(slot.pointee.life.isOpen && areBuffersEmpty)
    sendPending(slot, &turn)
    settle(slot, .none, &turn)
  }

  /// Sends pending output, once.
  mutating func sendPending(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    let count = slot.pointee.outboundCount
    if count == 0 { return }
    callPreWrite(slot, count)
    send(slot, from: &slot.pointee.outbound, count, &turn)
  }

  /// Tells the peer that nothing more will come, and goes on.
  mutating func endOutput(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    assert(slot.pointee.life.flags.contains(.outputEnded) && slot.pointee.unsentCount == 0)
    let result = turn.system.endOutput(of: slot.pointee.fd)
    if result < 0 { breakOutput(slot, Errno(rawValue: -result)) }
    // The event for the peer's end is another from now on.
    if slot.pointee.interest.isEmpty { watch(slot, [], &turn) }
    take(.settled, slot, &turn)
  }

  /// Sends the first `count` bytes of `ring`, and drops from it those that the kernel has taken.
  @inline(__always)
  mutating func send(
    _ slot: ConnectionSlot, from ring: inout RingBuffer, _ count: Int, _ turn: inout Turn<System>
  ) {
    assert(count > 0 && count <= ring.count && slot.pointee.fd >= 0)
    switch Self.transfer(slot.pointee.fd, ring, count, turn.system) {
    case .moved(let sent):
      assert(sent <= count)
      ring.discard(sent)
      turn.counters.writes &+= 1
      turn.counters.bytesWritten &+= UInt64(sent)
      if sent < count { turn.counters.writesWouldBlock &+= 1 }
      slot.pointee.life.flags.insert(.hasSent)
      if tracksActivity { slot.pointee.lastSent = turn.system.now }
    case .wouldBlock:
      turn.counters.writesWouldBlock &+= 1
    case .failed(let error):
      breakOutput(slot, error)
    }
  }

  @inline(__always)
  private static func transfer(
    _ fd: Int32, _ ring: borrowing RingBuffer, _ count: Int, _ system: System
  ) -> Transfer {
    let segments = ring.readable(prefix: count)
    return unsafe segments.first.withUnsafeBytes { first in
      unsafe segments.second.withUnsafeBytes { second in unsafe system.sending(fd, first, second) }
    }
  }

  /// Gives up the output, since nothing can be sent any more, also for a reason other than an error. Pending output is
  /// dropped. Input is read to its end: `react` is offered all of it, and then told the reason.
  mutating func breakOutput(_ slot: ConnectionSlot, _ error: Errno?) {
    slot.pointee.life.flags.insert(.outputBroken)
    slot.pointee.failure = error
    slot.pointee.dropOutbound()
    slot.pointee.filters?.pointee.dropOutput()
    // A handler's own end has no use for the rest.
    if slot.pointee.life.ending == .none { connections.pointee.enqueue(slot) }
    assert(!slot.pointee.hasOutbound)
  }

  /// Keeps the sum of pending output, and tells the handle's side its part.
  func accountPending(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    assert(!slot.pointee.isInCallback)
    let pending = slot.pointee.unsentCount
    if pending == slot.pointee.accountedOutput { return }
    turn.counters.pendingOutputBytes &+= UInt64(bitPattern: Int64(pending - slot.pointee.accountedOutput))
    slot.pointee.accountedOutput = pending
    slot.pointee.handleQueue?.setUnsent(pending)
    assert(Int64(bitPattern: turn.counters.pendingOutputBytes) >= pending, "more waits than is counted")
  }
}
