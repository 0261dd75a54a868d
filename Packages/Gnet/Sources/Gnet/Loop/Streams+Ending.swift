internal import CGnet
internal import Poller
internal import RingBuffer
internal import SystemPackage

// The end of a connection, in order:
//
//   end(.close), end(.detach)   a handler, a handle, the peer or a shutdown asks; the life remembers the strongest
//        |
//   flush                       every settling sends what is pending, until nothing is (Streams+Output.swift)
//        |
//        +-- endOutput          the handler has ended its output, and all was sent: the peer learns that nothing more comes
//        |                      (Streams+Output.swift). Without an end due, the connection goes on to read.
//        +-- breakOutput        nothing can be sent any more: output is dropped, and the connection ends with the input
//        |                      (Streams+Output.swift)
//        |
//   close or detach             `closed` or `detached`, once; from here on nothing is called
//        |
//   linger                      after a close that could lose output: waits for the peer's end, or for a deadline
//                               (Streams+Lingering.swift)
//        |
//   free                        gives the descriptor and the slot up
//
// With filters, a settling that finds an end due has the filters write the end of the output before it sends.
//
// An error, an abort, a time-out that nobody has set and the end of the drain time go to `close` at once: `fail`.
extension Streams {
  /// Ends a connection at once, by an error.
  mutating func fail(_ slot: ConnectionSlot, _ error: Errno, _ turn: inout Turn<System>) {
    close(slot, error, lingers: false, &turn)
  }

  /// Ends a connection at once, by a reset: the peer does not take it for the end of the stream.
  ///
  /// Source: RFC 9293, section 3.10.5.
  mutating func abort(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    assert(slot.pointee.life.isOpen)
    if slot.pointee.isTCP { _ = turn.system.setOption(slot.pointee.fd, CGNET_RESET_ON_CLOSE, 1) }
    fail(slot, .connectionAbort, &turn)
  }

  /// Ends a connection: nothing is called for it after `closed`.
  ///
  /// - Parameter lingers: whether to wait for the peer to read the rest.
  mutating func close(_ slot: ConnectionSlot, _ error: Errno?, lingers: Bool, _ turn: inout Turn<System>) {
    assert(slot.pointee.handler != nil && input.isEmpty)
    output.pointee.removeAll()
    markEnded(slot, &turn)
    let reason: (any Error)? = slot.pointee.filters?.pointee.failure ?? error
    let action = call(slot) { view in slot.pointee.handler?.closed(&view, reason) ?? .none }
    assert(areBuffersEmpty && slot.pointee.life.phase == .ended)
    if action == .shutdown { turn.server.shutdown() }
    slot.pointee.handler = nil
    slot.pointee.context = nil
    slot.pointee.handleQueue = nil
    slot.pointee.filters?.pointee.abandon(error)
    let lingers = lingers && mayLoseOutput(slot, turn)
    slot.pointee.dropFilters()
    slot.pointee.successor = nil
    if lingers { linger(slot, &turn) } else { free(slot, &turn) }
    assert(!slot.pointee.life.isOpen && slot.pointee.handler == nil)
  }

  /// Hands a connection over to `detached`.
  mutating func detach(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    assert(slot.pointee.life.ending == .detach && slot.pointee.unsentCount == 0)
    // A filter was added after the answer.
    if slot.pointee.life.phase == .filtered { return fail(slot, .notSupported, &turn) }
    let fd = slot.pointee.fd
    turn.selector.remove(fd)
    do throws(Errno) {
      try turn.system.checked(turn.system.makeBlocking(fd))
    } catch {
      return fail(slot, error, &turn)
    }
    markEnded(slot, &turn)
    // The descriptor is the callee's, who may close it before asking for the address.
    slot.pointee.localAfterDetach = try? turn.system.localAddress(of: fd)
    slot.pointee.fd = -1
    let detached = DetachedConnection(
      OwnedSocket(adopting: fd, of: turn.system), unreadBytes: slot.pointee.takeInbound(),
      isOutputEnded: slot.pointee.life.flags.contains(.outputEnded), system: turn.system)
    slot.pointee.isInCallback = true
    var view = Connection(slot)
    if slot.pointee.handler?.detached(&view, detached) == .shutdown { turn.server.shutdown() }
    slot.pointee.handler = nil
    connections.pointee.release(slot)
    assert(slotsMatch(turn.counters))
  }

  /// Updates counters, timers and handles. Every connection passes here once, before its last callback.
  private mutating func markEnded(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    assert(slot.pointee.life.isOpen)
    slot.pointee.life.phase = .ended
    slot.pointee.dropOutbound()
    slot.pointee.outbox?.pointee.removeAll()
    accountPending(slot, &turn)
    // The queue stays to be asked for in the last callback: programs find by its handle what they keep for a connection.
    slot.pointee.handleQueue?.markGone()
    dropTimer(slot, &turn)
    assert(slot.pointee.accountedOutput == 0 && slot.pointee.timer == nil)
    turn.counters.connectionsActive &-= 1
    turn.counters.connectionsClosed &+= 1
    assert(slotsMatch(turn.counters))
    loop.removeConnection()
  }

  /// Gives up the descriptor and the slot of a connection that has ended.
  mutating func free(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    assert(slot.pointee.life.phase == .ended || slot.pointee.life.phase == .lingering)
    assert(slot.pointee.fd >= 0 && slot.pointee.handler == nil)
    if slot.pointee.life.phase == .lingering { lingering.noteEnd() }
    let fd = slot.pointee.fd
    // close(2) ends the watching with epoll, except where somebody else has the socket open too.
    if slot.pointee.isDescriptorShared || turn.selector.backend != .epoll { turn.selector.remove(fd) }
    turn.system.close(fd)
    slot.pointee.outbox?.destroy()
    dropTimer(slot, &turn)
    connections.pointee.release(slot)
    assert(slotsMatch(turn.counters))
  }

  func dropTimer(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    guard let timer = slot.pointee.timer.take() else { return }
    turn.timers.remove(timer)
  }

  // MARK: Shutting down

  /// Offers the arrived bytes to every connection, and asks each how to end. Later connections are asked when they are
  /// opened. Outbound connections that are not established fail.
  mutating func beginShutdown(_ turn: inout Turn<System>) {
    assert(turn.isDraining && !isShuttingDown && areBuffersEmpty)
    isShuttingDown = true
    failAll(&turn)
    for index in 0..<UInt32(connections.pointee.capacity) {
      let slot = connections.pointee[index]
      if slot.pointee.life.isOpen {
        askToEnd(slot, &turn)
      } else if slot.pointee.life.phase == .establishing {
        endUnlessBegun(slot, &turn)
      } else if slot.pointee.life.phase == .lingering {
        hastenLingering(slot, &turn)
      }
    }
    assert(dials.isEmpty && areBuffersEmpty)
  }

  /// Offers the arrived bytes, and asks a connection how to end, unless the connection is ending already.
  mutating func askToEnd(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    assert(isShuttingDown && slot.pointee.life.isOpen)
    offerArrived(slot, &turn)
    guard slot.pointee.life.isOpen, slot.pointee.life.ending == .none else { return }
    settle(slot, call(slot) { slot.pointee.handler?.shuttingDown(&$0) ?? .close }, &turn)
  }

  /// Ends every connection at once; connections with output that was not sent learn of `error`.
  mutating func closeAll(with error: Errno, _ turn: inout Turn<System>) {
    assert(isShuttingDown && dials.isEmpty)
    for index in 0..<UInt32(connections.pointee.capacity) {
      let slot = connections.pointee[index]
      if slot.pointee.life.isOpen { fail(slot, error, &turn) }
      if slot.pointee.life.phase == .establishing { endEstablishing(slot, &turn) }
      if slot.pointee.life.phase == .lingering { free(slot, &turn) }
    }
    assert(isEmpty && turn.counters.connectionsActive == 0)
  }
}
