internal import Poller
internal import RingBuffer
internal import SystemPackage

extension Reactor {
  /// What follows every callback of a connection: sends what it wrote, then does what it asked for.
  func settle(_ slot: Slot, _ action: Action) {
    switch action {
    case .none, .shutdown: break
    case .close: slot.pointee.end(.close)
    case .detach: slot.pointee.end(events.onDetached == nil ? .close : .detach)
    }
    if slot.pointee.remoteControl != nil { settleRemoteControl(slot) }
    if !output.pointee.isEmpty { sendLent(slot) }
    if slot.pointee.needsAttention { attend(slot) }
    if action == .shutdown { server.shutdown() }
  }

  /// The part of `settle` that the steady state does not need.
  private func attend(_ slot: Slot) {
    accountPending(slot)
    if slot.pointee.outbound.isEmpty {
      if slot.pointee.outbound.capacity > 0 { slot.pointee.outbound.removeAll(keepingCapacity: false) }
      switch slot.pointee.ending {
      case .none: break
      case .close: return finish(slot, slot.pointee.failure)
      // What could not be sent is lost: whoever took the connection over would not learn of it.
      case .detach where slot.pointee.flags.contains(.outputBroken): return finish(slot, slot.pointee.failure)
      case .detach: return detach(slot)
      }
    }
    if slot.pointee.outbound.count >= max(1, options.outboundHighWatermark) {
      slot.pointee.flags.insert(.readPaused)
    } else if slot.pointee.outbound.count <= options.outboundLowWatermark {
      slot.pointee.flags.remove(.readPaused)
    }
    if slot.pointee.flags.contains(.outputBroken)
      || (slot.pointee.flags.contains(.wakeRequested) && slot.pointee.ending == .none)
    {
      makeDue(slot)
    }
    updateInterest(slot)
  }

  /// Sends what the callback wrote.
  @inline(__always)
  private func sendLent(_ slot: Slot) {
    let count = output.pointee.count
    callPreWrite(slot, count)
    send(slot, from: &output.pointee, count)
    if !output.pointee.isEmpty { keepUnsent(slot) }
  }

  /// Makes what the kernel did not take the connection's own.
  private func keepUnsent(_ slot: Slot) {
    if slot.pointee.flags.contains(.outputBroken) {
      output.pointee.removeAll()
    } else if output.pointee.count > options.readBufferCapacity {
      slot.pointee.outbound.append(moving: &output.pointee)
    } else {
      slot.pointee.outbound.write(prefix: output.pointee.count, of: output.pointee)
      output.pointee.removeAll()
    }
  }

  /// Sends pending output, once, and goes on with what waited for it.
  func sendPending(_ slot: Slot) {
    let count = slot.pointee.outbound.count
    callPreWrite(slot, count)
    send(slot, from: &slot.pointee.outbound, count)
    settle(slot, .none)
  }

  /// Sends the first `count` bytes of `ring`, and drops from it those that the kernel has taken.
  @inline(__always)
  private func send(_ slot: Slot, from ring: inout RingBuffer, _ count: Int) {
    switch Self.transfer(slot.pointee.fd, ring, count) {
    case .moved(let sent):
      ring.discard(sent)
      counters.writes &+= 1
      counters.bytesWritten &+= UInt64(sent)
      if sent < count { counters.writesWouldBlock &+= 1 }
      slot.pointee.flags.insert(.hasSent)
      if tracksActivity { slot.pointee.lastActivity = now }
    case .wouldBlock:
      counters.writesWouldBlock &+= 1
    case .failed(let error):
      breakOutput(slot, error)
    }
  }

  @inline(__always)
  private static func transfer(_ fd: Int32, _ ring: borrowing RingBuffer, _ count: Int) -> Transfer {
    let segments = ring.readable(prefix: count)
    return unsafe segments.first.withUnsafeBytes { first in
      unsafe segments.second.withUnsafeBytes { second in unsafe Syscalls.send(fd, first, second) }
    }
  }

  /// Nothing can be sent any more, for a reason that may be no error: pending output is dropped, and what the peer had
  /// sent before is read to its end, which tells `react` everything and then why.
  func breakOutput(_ slot: Slot, _ error: Errno?) {
    slot.pointee.flags.insert(.outputBroken)
    slot.pointee.failure = error
    slot.pointee.outbound = RingBuffer()
    // A handler's own end has no use for the rest.
    if slot.pointee.ending == .none { makeDue(slot) }
  }

  @inline(__always)
  func callPreWrite(_ slot: Slot, _ count: Int) {
    guard hasPreWriteHooks else { return }
    var view = Connection(slot)
    preWrite(&view, count)
  }

  /// Watches for what the connection can do something with.
  private func updateInterest(_ slot: Slot) {
    var wanted: Poller.Interest = []
    let isReading =
      slot.pointee.ending == .none
      && slot.pointee.flags.isDisjoint(with: [.inputEnded, .readPaused, .readPausedByHandler])
    if isReading { wanted.insert(.readable) }
    if !slot.pointee.outbound.isEmpty { wanted.insert(.writable) }
    if wanted != slot.pointee.interest { watch(slot, wanted) }
  }

  /// Changes what a connection is watched for; if that fails, the connection ends.
  func watch(_ slot: Slot, _ interest: Poller.Interest) {
    slot.pointee.interest = interest
    let (watched, trigger) = interest.isEmpty ? Self.endOnly : (interest, .level)
    do throws(Errno) {
      try failIfPlanned(.watch)
      try poller.modify(
        FileDescriptor(rawValue: slot.pointee.fd), token: Poller.Token(rawValue: slot.pointee.token),
        interest: watched, trigger: trigger)
    } catch {
      if slot.pointee.phase == .open { finish(slot, error) } else { discard(slot) }
    }
  }

  /// What tells of a reset, or of a peer that is gone, where neither direction is wanted. epoll does so unasked; kqueue
  /// has it from the filter for writing, which as an edge also reports, once and for nothing, that there is room.
  private static var endOnly: (Poller.Interest, Poller.Trigger) {
    Poller.backend == .kqueue ? (.writable, .edge) : ([], .level)
  }

  /// Keeps the sum of pending output, and tells the remote control its part.
  func accountPending(_ slot: Slot) {
    let pending = slot.pointee.outbound.count
    counters.pendingOutputBytes &+= UInt64(bitPattern: Int64(pending - slot.pointee.accountedOutput))
    slot.pointee.accountedOutput = pending
    slot.pointee.remoteControl?.noteUnsent(pending)
  }
}
