internal import RingBuffer
internal import SystemPackage

extension Streams {
  /// Applies the calls that wait in a handle's queue.
  mutating func apply(_ queue: HandleQueue, _ turn: inout Turn<System>) {
    assert(queue.loop === loop && callsInProgress.isEmpty && areBuffersEmpty)
    guard let slot = connections.pointee.find(queue.token), slot.pointee.life.isOpen else {
      return applyEarly(queue, &turn)
    }
    callsInProgress = queue.takeCalls()
    if queue.isAborted {
      callsInProgress = HandleQueue.Pending()
      return abort(slot, &turn)
    }
    applyTakenCalls(slot, &turn)
  }

  /// Opens an outbound connection, and applies the queued calls of its handle. Writes at the head of the queue are
  /// applied before `opened`, so that their bytes are the first; all other calls afterwards.
  mutating func openApplyingCalls(_ slot: ConnectionSlot, _ handlers: HandlerStart, _ turn: inout Turn<System>) {
    guard let queue = slot.pointee.handleQueue else { return assertionFailure("an outbound connection has no handle") }
    assert(callsInProgress.isEmpty && areBuffersEmpty)
    callsInProgress = queue.takeCalls()
    if callsInProgress.isEmpty { return open(slot, handlers, &turn) }
    for byteCount in callsInProgress.takeFirstWrites() {
      Self.move(byteCount, from: &callsInProgress.output, to: slot, output)
    }
    let token = slot.pointee.token
    open(slot, handlers, &turn)
    guard slot.pointee.token == token, slot.pointee.life.isOpen else {
      callsInProgress = HandleQueue.Pending()
      return
    }
    applyTakenCalls(slot, &turn)
  }

  private mutating func applyTakenCalls(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    assert(slot.pointee.life.isOpen && areBuffersEmpty)
    for call in callsInProgress.calls {
      switch call {
      case .write(let byteCount): Self.move(byteCount, from: &callsInProgress.output, to: slot, output)
      case .wake: wake(slot, &turn)
      case .perform(let body): settle(slot, self.call(slot, body.run), &turn)
      case .close: slot.pointee.end(.close)
      }
      // A wake may be the connection's end.
      if !slot.pointee.life.isOpen { break }
    }
    if slot.pointee.life.isOpen {
      // However much the kernel has taken of it meanwhile: who was refused waits for the drain.
      if callsInProgress.haveRefused { slot.pointee.life.flags.insert(.outputFull) }
      sendRest(slot, &turn)
    }
    var applied = HandleQueue.Pending()
    swap(&applied, &callsInProgress)
    turn.recycle(&applied.output, into: loop.spareRings)
    assert(callsInProgress.isEmpty && areBuffersEmpty)
  }

  /// Calls `react` without input; while output is above the watermark, it is called when that has drained.
  private mutating func wake(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    assert(slot.pointee.life.isOpen && !slot.pointee.isInCallback)
    if slot.pointee.life.mayReact {
      react(slot, &turn)
    } else {
      slot.pointee.life.flags.insert(.wakeRequested)
    }
  }

  /// Sends the bytes behind the last call, usually all of them. Lends the ring as output instead of copying it.
  private mutating func sendRest(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    let output = output
    let isLent =
      slot.pointee.life.phase != .filtered && output.pointee.isEmpty && !slot.pointee.hasOutbound
      && !slot.pointee.life.dropsOutput
    if isLent {
      swap(&output.pointee, &callsInProgress.output)
    } else {
      Self.move(callsInProgress.output.count, from: &callsInProgress.output, to: slot, output)
    }
    settle(slot, .none, &turn)
    assert(output.pointee.isEmpty)
    if isLent { swap(&output.pointee, &callsInProgress.output) }
  }

  /// Puts the accepted bytes of a connection's handle behind the other output, before the connection ends. From then on
  /// the handle refuses more.
  mutating func takeLastCalls(_ slot: ConnectionSlot) {
    guard slot.pointee.life.ending != .none, let queue = slot.pointee.handleQueue else { return }
    assert(slot.pointee.life.isOpen)
    // Not empty if it was a wake that led here, and bytes were accepted after it.
    if !callsInProgress.isEmpty { Self.move(&callsInProgress, to: slot, output) }
    var pending = queue.closeForCalls()
    if !pending.isEmpty { Self.move(&pending, to: slot, output) }
    assert(!queue.isOpen)
  }

  /// Moves the bytes of all writes that were not applied.
  private static func move(
    _ calls: inout HandleQueue.Pending, to slot: ConnectionSlot, _ lentOutput: Pinned<RingBuffer>
  ) {
    if slot.pointee.isDatagram {
      for byteCount in calls.lastWrites { move(byteCount, from: &calls.output, to: slot, lentOutput) }
    } else {
      move(calls.output.count, from: &calls.output, to: slot, lentOutput)
    }
  }

  /// Moves bytes to where a connection's output is gathered now.
  private static func move(
    _ byteCount: Int, from bytes: inout RingBuffer, to slot: ConnectionSlot, _ lentOutput: Pinned<RingBuffer>
  ) {
    assert(byteCount <= bytes.count && !slot.pointee.isInCallback)
    if slot.pointee.life.dropsOutput { return }
    if let outbox = slot.pointee.outbox { return outbox.pointee.append(moving: byteCount, of: &bytes) }
    if byteCount == 0 { return }
    if let filters = slot.pointee.filters, filters.pointee.isActive {
      filters.pointee.write(moving: byteCount, of: &bytes)
    } else if slot.pointee.hasOutbound {
      slot.pointee.outbound.append(moving: byteCount, of: &bytes)
    } else {
      lentOutput.pointee.append(moving: byteCount, of: &bytes)
    }
  }
}
