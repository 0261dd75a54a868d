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
    forward(&bytes, to: other, at: token(of: other))
  }

  /// The token of another connection of this loop; `none` where it is another loop's, or is not established.
  func token(of other: ConnectionHandle) -> ConnectionToken {
    state.pointee.isOn(other.queue.loop) ? other.queue.token : .none
  }

  /// Moves bytes to the output of another connection, as ``forward(_:to:)`` does.
  ///
  /// - Parameter token: the token of that connection. A caller that keeps the token saves an access to the handle.
  func forward(
    _ bytes: inout RingBuffer, to other: ConnectionHandle, at token: ConnectionToken
  ) -> ConnectionHandle.Offer {
    assert(token == .none || token == self.token(of: other), "a token of another connection was kept")
    guard let table = unsafe state.pointee.loop.state.connections, state.pointee.life.isStream,
      token != .none
    else { return offer(&bytes, to: other) }
    guard let target = table.pointee.find(token), target.pointee.life.phase == .open, !target.pointee.isInCallback
    else { return forwardThroughFilters(&bytes, to: other, in: table) }
    guard target.pointee.life.takesOutput else { return .gone }
    return forward(&bytes, to: target, in: table)
  }

  /// Moves bytes to a connection with filters, or copies them to the queue of a handle.
  @inline(never)
  private func forwardThroughFilters(
    _ bytes: inout RingBuffer, to other: ConnectionHandle, in table: Pinned<ConnectionTable>
  ) -> ConnectionHandle.Offer {
    guard let target = table.pointee.find(other.queue.token), target.pointee.life.phase == .filtered,
      !target.pointee.isInCallback
    else { return offer(&bytes, to: other) }
    guard target.pointee.life.takesFilteredOutput else { return .gone }
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
    assert(!target.pointee.isInCallback, "output for a callback that gathers its own")
    if target.isOutputFull { return .full }
    if bytes.isEmpty { return .taken }
    table.pointee.forward(&bytes, to: target)
    state.pointee.life.flags.insert(.hasRequests)
    assert(bytes.isEmpty)
    return .taken
  }
}

extension ConnectionTable {
  /// Gathers output for a connection outside of its callbacks: in a buffer for one connection at a time, which is sent when
  /// the callback that is running is over.
  mutating func forward(_ bytes: inout RingBuffer, to slot: ConnectionSlot) {
    if let before = forwardedTo, before != slot.pointee.token { keepForwarded() }
    assert(forwardedTo == slot.pointee.token || forwarded.pointee.isEmpty, "output of two connections would mix")
    forwardedTo = slot.pointee.token
    forwarded.gather(&bytes, capacity: lentOutput.pointee.capacity)
    assert(!forwarded.pointee.isEmpty)
  }

  /// Moves the gathered bytes into the connection's own pending output, for the run queue to send.
  mutating func keepForwarded() {
    guard let token = forwardedTo.take() else { return }
    defer { assert(forwarded.pointee.isEmpty, "output has no owner any more") }
    guard let slot = find(token) else { return forwarded.drop() }
    if slot.pointee.life.takesOutput {
      forwarded.move(to: slot)
    } else if slot.pointee.life.takesFilteredOutput {
      forwarded.moveThroughFilters(of: slot)
    } else {
      return forwarded.drop()
    }
    slot.pointee.life.flags.insert(.settleDue)
    enqueue(slot)
  }

}

// Not in the methods of the table: the compiler crashes on these when it adds the checks of the thread sanitizer (6.3.1).
extension Pinned where Value == RingBuffer {
  /// Takes the bytes of another ring, by an exchange of storage where that has the capacity, or is worth it.
  @inline(__always)
  fileprivate func gather(_ bytes: inout RingBuffer, capacity: Int) {
    assert(!bytes.isEmpty)
    if bytes.isWorthExchanging(forCapacity: capacity) {
      pointee.append(moving: &bytes)
    } else {
      pointee.write(prefix: bytes.count, of: bytes)
      bytes.removeAll()
    }
  }

  /// Moves the bytes to the pending output of a connection.
  fileprivate func move(to slot: ConnectionSlot) { slot.pointee.outbound.append(moving: &pointee) }

  /// Moves the bytes to the output before the filters of a connection.
  fileprivate func moveThroughFilters(of slot: ConnectionSlot) { slot.pointee.filters?.pointee.write(moving: &pointee) }

  /// Drops the bytes.
  fileprivate func drop() { pointee.removeAll() }
}
