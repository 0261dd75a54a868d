internal import Poller
internal import RingBuffer
internal import SystemPackage

extension Reactor {
  /// Does what a connection is ready for.
  @inline(__always)
  func serve(_ slot: Slot, _ event: Poller.Event) {
    if slot.pointee.phase == .lingering { return throwInputAway(slot) }
    if event.isWritable, !slot.pointee.outbound.isEmpty {
      sendPending(slot)
      guard slot.pointee.phase == .open else { return }
    }
    if event.isReadable {
      if slot.pointee.interest.contains(.readable) {
        receive(slot)
      } else if event.isError || event.isPeerClosed {
        hangUp(slot)
      }
    }
  }

  /// Receives once, and offers what arrived to `react`. What is still in the kernel is reported again by the
  /// poller, after other connections have had their turn.
  @inline(__always)
  func receive(_ slot: Slot) {
    let free = unsafe input.pointee.freeSegments(minimumCapacity: options.readBufferCapacity).first
    let room = unsafe UnsafeMutableRawBufferPointer(start: free.baseAddress, count: receiveLimit(slot))
    switch unsafe Syscalls.receive(slot.pointee.fd, into: room) {
    case .moved(0):
      endInput(slot)
    case .moved(let count):
      input.pointee.commit(count)
      counters.reads &+= 1
      counters.bytesRead &+= UInt64(count)
      if tracksActivity { slot.pointee.lastActivity = now }
      react(slot)
    case .wouldBlock:
      // Where sending has failed, this was the rest.
      if slot.pointee.flags.contains(.outputBroken) { finish(slot, slot.pointee.failure) }
    case .failed(let error):
      finish(slot, error)
    }
  }

  /// How many bytes are received at once: with output pending no more than fit under the watermark, so that an
  /// answer as long as the request does not take more memory than that.
  private func receiveLimit(_ slot: Slot) -> Int {
    let pending = slot.pointee.outbound.count
    if pending == 0 { return options.readBufferCapacity }
    return min(options.readBufferCapacity, max(1, options.outboundHighWatermark - pending))
  }

  /// Offers all unread bytes to `react`: those that it left the last time, and those in `input`.
  @inline(__always)
  func react(_ slot: Slot) {
    let action: Action
    if slot.pointee.inbound.isEmpty {
      action = react(slot, to: &input.pointee)
      if !input.pointee.isEmpty {
        slot.pointee.inbound.write(prefix: input.pointee.count, of: input.pointee)
        input.pointee.removeAll()
      }
    } else {
      slot.pointee.inbound.append(moving: &input.pointee)
      action = react(slot, to: &slot.pointee.inbound)
      if slot.pointee.inbound.isEmpty { slot.pointee.inbound.removeAll(keepingCapacity: false) }
    }
    settle(slot, action)
  }

  /// Calls `react`.
  @inline(__always)
  func react(_ slot: Slot, to bytes: inout RingBuffer) -> Action {
    var view = Connection(slot)
    return react(&view, &bytes)
  }

  /// The peer has ended its stream. Unless the handler may go on writing, the connection ends when its output
  /// has been sent.
  private func endInput(_ slot: Slot) {
    slot.pointee.flags.insert(.inputEnded)
    if slot.pointee.flags.contains(.outputBroken) {
      finish(slot, slot.pointee.failure)
    } else if options.allowHalfClosure {
      react(slot)
    } else {
      settle(slot, .close)
    }
  }

  /// The peer is gone while its input was not wanted: it had ended its stream before, it will not take the output that
  /// is pending, or the handler has paused reading. In the latter cases what it sent before is still to be read.
  private func hangUp(_ slot: Slot) {
    let error = Syscalls.pendingError(of: slot.pointee.fd)
    if slot.pointee.outbound.isEmpty, slot.pointee.flags.contains(.inputEnded) {
      finish(slot, error)
    } else {
      breakOutput(slot, slot.pointee.outbound.isEmpty ? error : error ?? .brokenPipe)
      settle(slot, .none)
    }
  }

  /// Serves the connections that asked to be called without input, and reads on where sending has failed.
  /// One round: those that ask again wait for the next turn.
  func serveDue() {
    isAnythingDue = false
    var round: [UInt64] = []
    swap(&round, &due)
    for token in round {
      guard let slot = connections.pointee.find(token: token), slot.pointee.phase == .open else { continue }
      slot.pointee.flags.remove(.isDue)
      if slot.pointee.flags.contains(.outputBroken) {
        receive(slot)
        if slot.pointee.phase == .open { makeDue(slot) }
      } else if slot.pointee.ending == .none {
        slot.pointee.flags.remove(.wakeRequested)
        react(slot)
      }
    }
    for source in sources { if let end = source.datagrams { serveWakes(end) } }
  }

  /// Puts a connection on the list of `serveDue()`.
  func makeDue(_ slot: Slot) {
    if slot.pointee.flags.contains(.isDue) { return }
    slot.pointee.flags.insert(.isDue)
    due.append(slot.pointee.token)
    isAnythingDue = true
  }
}
