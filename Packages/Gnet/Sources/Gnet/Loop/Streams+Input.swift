internal import Poller
internal import RingBuffer
internal import SystemPackage

extension Streams {
  /// Does what a connection is ready for.
  @inline(__always)
  mutating func serve(_ token: ConnectionToken, _ event: Poller.Event, _ turn: inout Turn<System>) {
    guard let slot = connections.find(token) else { return }
    if slot.pointee.life.phase == .lingering { return throwInputAway(slot, &turn) }
    if event.isWritable, !slot.pointee.outbound.isEmpty {
      flushPending(slot, &turn)
      guard slot.pointee.life.phase == .open else { return }
    }
    if event.isReadable {
      if slot.pointee.interest.contains(.readable) {
        receive(slot, &turn)
      } else if event.isError || event.isPeerClosed {
        hangUp(slot, &turn)
      }
    }
  }

  /// Receives once, and offers what arrived to `react`. What is still in the kernel is reported again by the
  /// selector, after other connections have had their turn.
  @inline(__always)
  private mutating func receive(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    assert(slot.pointee.life.phase == .open && input.isEmpty)
    let free = unsafe input.freeSegments(minimumCapacity: turn.options.readBufferCapacity).first
    let buffer = unsafe UnsafeMutableRawBufferPointer(
      start: free.baseAddress, count: receiveLimit(slot, turn.options))
    switch unsafe turn.system.receiving(slot.pointee.fd, into: buffer) {
    case .moved(0):
      take(.inputEnded(mayAnswer: turn.options.allowHalfClosure), slot, &turn)
    case .moved(let count):
      input.commit(count)
      turn.counters.reads &+= 1
      turn.counters.bytesRead &+= UInt64(count)
      if tracksActivity { slot.pointee.lastActivity = turn.now }
      react(slot, &turn)
    case .wouldBlock:
      take(.inputExhausted, slot, &turn)
    case .failed(let error):
      close(slot, error, &turn)
    }
  }

  /// The number of bytes that are received at once: with output pending no more than fit under the watermark, so that
  /// an answer as long as the request does not take more memory than that.
  @inline(__always)
  private func receiveLimit(_ slot: ConnectionSlot, _ options: borrowing Options) -> Int {
    let pending = slot.pointee.outbound.count
    if pending == 0 { return options.readBufferCapacity }
    return min(options.readBufferCapacity, max(1, options.outboundHighWatermark - pending))
  }

  /// Offers all unread bytes to `react`: those that it left the last time, and those in `input`.
  @inline(__always)
  mutating func react(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    var view = Connection(slot)
    let action: Action
    if slot.pointee.inbound.isEmpty {
      action = handlers.react(&view, &input)
      if !input.isEmpty {
        slot.pointee.inbound.write(prefix: input.count, of: input)
        input.removeAll()
      }
    } else {
      slot.pointee.inbound.append(moving: &input)
      action = handlers.react(&view, &slot.pointee.inbound)
      if slot.pointee.inbound.isEmpty { slot.pointee.inbound.removeAll(keepingCapacity: false) }
    }
    settle(slot, action, &turn)
  }

  /// The peer is gone while its input was not wanted: it had ended its stream before, it will not take the output that
  /// is pending, or the handler has paused reading. In the latter cases what it sent before is still to be read.
  private mutating func hangUp(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    slot.pointee.failure = turn.system.pendingError(of: slot.pointee.fd) ?? slot.pointee.failure
    take(.hungUp, slot, &turn)
  }

  /// Reads what a peer had sent before sending to it failed, one buffer a turn.
  mutating func readRest(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    receive(slot, &turn)
    if slot.pointee.life.phase == .open { enqueue(slot) }
  }

  /// Reads what a lingering connection's peer still sends, and drops it.
  private mutating func throwInputAway(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    let buffer = unsafe input.freeSegments(minimumCapacity: turn.options.readBufferCapacity).first
    switch unsafe turn.system.receiving(slot.pointee.fd, into: buffer) {
    case .moved(0): take(.inputEnded(mayAnswer: false), slot, &turn)
    case .moved, .wouldBlock: break
    case .failed: take(.hungUp, slot, &turn)
    }
  }
}
