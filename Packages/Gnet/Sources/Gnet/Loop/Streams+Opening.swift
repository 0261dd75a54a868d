internal import Logging
internal import Poller
internal import RingBuffer
internal import SystemPackage

// The beginning of a connection: an accepted one, one that was handed in, or one that is handed over to another handler.
extension Streams {
  /// Makes an accepted connection one of this loop's.
  mutating func adopt(_ connection: consuming AcceptedSocket, _ turn: inout Turn<System>) {
    assert(areBuffersEmpty && loop.connectionLoad > 0)
    let (adoption, addressIndex, remote) = (connection.adoption, connection.addressIndex, connection.remote)
    assert((adoption == nil) == (addressIndex >= 0))
    if turn.options.maxConnections != nil && lingering.count > 0 { limitLingering(&turn) }
    let slot: ConnectionSlot
    do throws(Errno) {
      slot = try register(connection.takeSocket(), remote, .readable, turn)
    } catch {
      turn.options.logger?.error("cannot watch a connection from \(remote): \(error)")
      adoption?.queue.markGone()
      return loop.removeConnection()
    }
    slot.pointee.addressIndex = Int32(addressIndex)
    let token = slot.pointee.token
    if let adoption {
      adopt(slot, adoption, &turn)
    } else {
      turn.counters.accepts &+= 1
      if !filtersOfListeners.isEmpty && !filtersOfListeners[addressIndex].isEmpty {
        return establish(slot, filtersOfListeners[addressIndex], requestedName: nil, &turn)
      }
      open(slot, handlers(ofListener: addressIndex), &turn)
    }
    if isShuttingDown && slot.pointee.token == token && slot.pointee.life.isOpen { askToEnd(slot, &turn) }
  }

  /// Gives a socket a slot, and watches it.
  @inline(__always)
  func register(
    _ socket: consuming OwnedSocket, _ remote: SocketAddress, isDatagram: Bool = false, _ interest: Poller.Interest,
    _ turn: borrowing Turn<System>
  ) throws(Errno) -> ConnectionSlot {
    let slot = connections.pointee.allocate()
    do throws(Errno) {
      try turn.selector.add(socket.fd, .connection(slot.pointee.token), interest)
    } catch {
      connections.pointee.release(slot)
      throw error
    }
    slot.pointee.fd = socket.release()
    slot.pointee.interest = interest
    slot.pointee.remote = remote
    slot.pointee.isTCP = remote.family != .unix && !isDatagram
    assert(slot.pointee.life.phase == .establishing && slot.pointee.fd >= 0)
    return slot
  }

  /// Begins with a connection that was handed in: its unread bytes are offered at once.
  private mutating func adopt(
    _ slot: ConnectionSlot, _ adoption: AcceptedSocket.Adoption, _ turn: inout Turn<System>
  ) {
    assert(slot.pointee.handleQueue == nil && adoption.queue.token == .none)
    let token = slot.pointee.token
    adoption.queue.setToken(token)
    slot.pointee.isDescriptorShared = true
    slot.pointee.handleQueue = adoption.queue
    slot.pointee.inbound.write(adoption.unreadBytes)
    // The previous owner may have sent bytes that the peer has not read yet.
    slot.pointee.life.flags.insert(.hasSent)
    if adoption.isOutputEnded { slot.pointee.life.flags.formUnion([.outputEnding, .outputEnded]) }
    open(slot, .table(table(of: adoption.service)), &turn)
    guard slot.pointee.token == token, slot.pointee.life.mayReact, slot.pointee.hasInbound else { return }
    react(slot, &turn)
  }

  /// Opens a connection: from here on it has a handler.
  mutating func open(_ slot: ConnectionSlot, _ start: HandlerStart, _ turn: inout Turn<System>) {
    assert(slot.pointee.life.phase == .establishing && slot.pointee.fd >= 0)
    assert(slot.pointee.timer == nil, "the time of a filter that is established goes on")
    slot.pointee.life.phase = slot.pointee.openPhase
    turn.counters.connectionsOpened &+= 1
    turn.counters.connectionsActive &+= 1
    assert(slotsMatch(turn.counters))
    if tracksActivity {
      let now = turn.system.now
      slot.pointee.lastReceived = now
      slot.pointee.lastSent = now
      slot.pointee.life.flags.insert(.hasRequests)
    }
    begin(slot, start, &turn)
  }

  /// Gives a connection its handler, and calls `opened`.
  private mutating func begin(_ slot: ConnectionSlot, _ start: HandlerStart, _ turn: inout Turn<System>) {
    assert(slot.pointee.life.isOpen && slot.pointee.handler == nil)
    slot.pointee.life.isFullDuplex = start.isFullDuplex
    let action = call(slot) { view in
      let handler =
        switch start {
        case .table(let table): HandlerReference(table, of: &view)
        case .value(let handler): handler
        }
      slot.pointee.handler = handler
      return handler.opened(&view)
    }
    settle(slot, action, &turn)
  }

  /// Hands a connection over to another handler, which is made, opened, and offered the unread bytes, or told of the
  /// end of the peer's stream that has come before.
  mutating func become(
    _ slot: ConnectionSlot, _ successor: consuming HandlerSource, _ turn: inout Turn<System>
  ) {
    assert(slot.pointee.life.isOpen && slot.pointee.handler != nil && !slot.pointee.isInCallback)
    slot.pointee.handler?.destroy()
    slot.pointee.handler = nil
    begin(slot, start(successor), &turn)
    let hasInput = slot.pointee.hasInbound || slot.pointee.life.flags.contains(.inputEnded)
    if slot.pointee.life.mayReact && hasInput { react(slot, &turn) }
  }
}
