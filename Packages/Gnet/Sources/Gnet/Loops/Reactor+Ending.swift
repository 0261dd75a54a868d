internal import Poller
internal import RingBuffer
internal import SystemPackage

extension Reactor {
  /// For how long a closed connection's input is thrown away.
  static let lingerTimeout = Duration.seconds(2)
  /// The same when the server shuts down.
  private static let lingerTimeoutAtShutdown = Duration.milliseconds(500)

  /// Ends a connection: nothing is called for it after `onClosed`.
  func finish(_ slot: Slot, _ error: Errno?) {
    conclude(slot)
    var view = Connection(slot)
    if events.onClosed?(&view, error) == Action.shutdown { server.shutdown() }
    slot.pointee.context = nil
    slot.pointee.remoteControl = nil
    if error == nil && mayLoseOutput(slot) { linger(slot) } else { discard(slot) }
  }

  /// Hands a connection over to `onDetached`.
  func detach(_ slot: Slot) {
    let fd = slot.pointee.fd
    do throws(Errno) {
      try poller.remove(FileDescriptor(rawValue: fd))
      try Syscalls.makeBlocking(fd)
    } catch {
      return finish(slot, error)
    }
    conclude(slot)
    // The descriptor is the callee's, who may close it before asking for the address.
    slot.pointee.localAfterDetach = try? Syscalls.localAddress(of: fd)
    slot.pointee.fd = -1
    let detached = DetachedConnection(
      OwnedSocket(adopting: fd), unreadBytes: slot.pointee.inbound.readAll())
    var view = Connection(slot)
    if let onDetached = events.onDetached, onDetached(&view, detached) == .shutdown { server.shutdown() }
    connections.pointee.release(slot)
  }

  /// What the end of every connection comes with, before its last callback.
  private func conclude(_ slot: Slot) {
    slot.pointee.phase = .closed
    slot.pointee.outbound = RingBuffer()
    accountPending(slot)
    // It stays to be asked for in the last callback: programs find by it what they keep for a connection.
    slot.pointee.remoteControl?.retire()
    idle?.cancel(slot.pointee.index)
    counters.connectionsActive &-= 1
    counters.connectionsClosed &+= 1
    loop.removeConnection()
  }

  /// Whether closing now could make the kernel send a reset, which destroys what the peer has not read yet: it does
  /// when input is unread or still arriving. During a shutdown, the latter counts only where it would destroy
  /// something: what the peer has not received.
  private func mayLoseOutput(_ slot: Slot) -> Bool {
    guard slot.pointee.flags.contains(.hasSent) && !slot.pointee.flags.contains(.inputEnded) else { return false }
    let fd = slot.pointee.fd
    return drainDeadline == nil || Syscalls.unreadCount(fd) > 0
      || slot.pointee.flags.contains(.isTCP) && Syscalls.unacknowledgedCount(fd) > 0
  }

  /// Ends the output, and throws input away until the peer ends its stream too or time is up.
  private func linger(_ slot: Slot) {
    guard Syscalls.endOutput(of: slot.pointee.fd) else { return discard(slot) }
    slot.pointee.phase = .lingering
    slot.pointee.inbound = RingBuffer()
    let timeout = drainDeadline == nil ? Self.lingerTimeout : Self.lingerTimeoutAtShutdown
    lingering.schedule(slot.pointee.index, at: now + timeout)
    remind(at: now + timeout)
    if slot.pointee.interest != .readable { watch(slot, .readable) }
  }

  /// Reads what a lingering connection's peer still sends, and drops it.
  func throwInputAway(_ slot: Slot) {
    let room = unsafe input.pointee.freeSegments(minimumCapacity: options.readBufferCapacity).first
    switch unsafe Syscalls.receive(slot.pointee.fd, into: room) {
    case .moved(1...), .wouldBlock: break
    default: discard(slot)
    }
  }

  /// Gives up the descriptor and the slot of a connection that has ended.
  func discard(_ slot: Slot) {
    let fd = slot.pointee.fd
    // Not left to close(2): a process that was forked may hold the socket open, and with it the registration.
    try? poller.remove(FileDescriptor(rawValue: fd))
    Syscalls.closeDescriptor(fd)
    lingering.cancel(slot.pointee.index)
    connections.pointee.release(slot)
  }

  // MARK: Shutting down

  /// Stops accepting and asks every connection to end when its output has been sent.
  func beginShutdown() {
    drainDeadline = .now + options.drainTimeout
    nextTimer = now
    loop.refuseDatagrams()
    serveMailbox()
    tickers = []
    closeSources()
    forEachConnection { slot in
      if slot.pointee.phase == .open { settle(slot, .close) }
    }
    forEachConnection { slot in
      if slot.pointee.phase == .lingering {
        lingering.schedule(slot.pointee.index, at: now + Self.lingerTimeoutAtShutdown)
      }
    }
  }

  /// Gives up the sockets that connections and datagrams come in by, but for those with datagrams to be sent.
  private func closeSources() {
    for source in sources {
      source.isClosing = true
      if let end = source.datagrams { flush(end) }
    }
    let (done, waiting) = (sources.filter(\.hasDrained), sources.filter { !$0.hasDrained })
    for source in done { try? poller.remove(FileDescriptor(rawValue: source.socket.fd)) }
    sources = waiting
    // Their places have changed, and with them their tokens.
    for source in sources { watch(source, source.interest) }
  }

  /// Whether a shutdown has nothing to wait for any more.
  var hasDrained: Bool { connections.pointee.count == 0 && sources.allSatisfy(\.hasDrained) }

  /// Ends every connection at once; those with output that was not sent learn of `error`. Datagrams are dropped.
  func endAll(with error: Errno) {
    for source in sources { if let end = source.datagrams { drop(end) } }
    forEachConnection { slot in
      if slot.pointee.phase == .open { finish(slot, error) }
      if slot.pointee.phase == .lingering { discard(slot) }
    }
  }

  private func forEachConnection(_ body: (Slot) -> Void) {
    for index in 0..<UInt32(connections.pointee.capacity) where connections.pointee[index].pointee.phase != .free {
      body(connections.pointee[index])
    }
  }
}
