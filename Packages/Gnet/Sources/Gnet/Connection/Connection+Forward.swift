public import RingBuffer

extension Connection {
  /// Moves bytes, usually this connection's input, to the output of another connection, and leaves `bytes` empty.
  ///
  /// On one loop the storage is exchanged where both have the same capacity, and the bytes leave in one system call when
  /// this callback is over. To a connection of another loop they are copied.
  ///
  /// - Returns: `full` if as much output waits there as `Options.outboundHighWatermark` says, and `gone` if that connection
  ///   takes no output any more: `bytes` is as it was then. After `full`, the other connection's handler is told when its
  ///   output has drained.
  public func forward(_ bytes: inout RingBuffer, to other: ConnectionHandle) -> ConnectionHandle.Offer {
    guard state.pointee.isOn(other.queue.loop), let table = unsafe other.queue.loop.connectionsOfItsThread,
      state.pointee.life.phase == .open
    else { return offer(&bytes, to: other) }
    guard let target = table.pointee.find(other.queue.token), target.pointee.life.phase == .open,
      !target.pointee.isInCallback
    else { return offer(&bytes, to: other) }
    return forward(&bytes, to: target, in: table)
  }

  /// Copies bytes to the queue of a handle.
  @inline(never)
  private func offer(_ bytes: inout RingBuffer, to other: ConnectionHandle) -> ConnectionHandle.Offer {
    if bytes.isEmpty { return other.isOpen ? .taken : .gone }
    bytes.makeContiguous()
    let outcome = other.offer(bytes.readable.first)
    if outcome == .taken { bytes.removeAll() }
    return outcome
  }

  @inline(__always)
  private func forward(
    _ bytes: inout RingBuffer, to target: ConnectionSlot, in table: Pinned<ConnectionTable>
  ) -> ConnectionHandle.Offer {
    guard target.pointee.life.takesOutput else { return .gone }
    if target.pointee.isOutputFull { return .full }
    if bytes.isEmpty { return .taken }
    table.pointee.forward(&bytes, to: target)
    state.pointee.life.flags.insert(.hasRequests)
    return .taken
  }
}

extension ConnectionTable {
  /// Gathers output for a connection outside of its callbacks: in a buffer for one connection at a time, which is sent when
  /// the callback that is running is over.
  @inline(__always)
  mutating func forward(_ bytes: inout RingBuffer, to slot: ConnectionSlot) {
    if let before = forwardedTo, before != slot.pointee.token { keepForwarded() }
    forwardedTo = slot.pointee.token
    let forwarded = forwarded
    if bytes.capacity == lentOutput.pointee.capacity || bytes.count > Self.copyLimit {
      forwarded.pointee.append(moving: &bytes)
    } else {
      forwarded.pointee.write(prefix: bytes.count, of: bytes)
      bytes.removeAll()
    }
  }

  /// Makes what was gathered the connection's own pending output, which the run queue sends.
  mutating func keepForwarded() {
    guard let token = forwardedTo.take() else { return }
    if let slot = find(token), slot.pointee.life.takesOutput {
      slot.pointee.outbound.append(moving: &forwarded.pointee)
      slot.pointee.life.flags.insert(.settleDue)
      enqueue(slot)
    }
    forwarded.pointee.removeAll()
  }

  /// The number of bytes up to which a copy is cheaper than storage of another size.
  private static var copyLimit: Int { 4096 }
}
