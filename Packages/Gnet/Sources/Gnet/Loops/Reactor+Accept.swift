internal import Logging
internal import Poller
internal import RingBuffer
internal import SystemPackage

extension Reactor {
  /// How many connections are accepted before others get their turn.
  private static let acceptBatch = 64
  /// For how long a shortage of descriptors or memory stops accepting.
  private static let acceptPause = Duration.milliseconds(50)
  /// After how long without a failure a shortage is over. At the limit every connection that ends lets one in.
  private static let shortageMemory = Duration.seconds(1)

  /// Takes in what waits at a socket.
  func serve(_ source: Source, _ event: Poller.Event) {
    if let end = source.datagrams {
      if event.isWritable { flush(end) }
      if event.isReadable && !source.isClosing { receiveDatagrams(end) }
    } else {
      accept(from: source)
    }
  }

  /// Accepts connections and deals them to loops.
  private func accept(from source: Source) {
    for _ in 0..<Self.acceptBatch {
      switch Syscalls.accept(from: source.socket) {
      case .nobodyWaits:
        return
      case .accepted(let connection):
        if let time = source.lastShortage, time + Self.shortageMemory <= now { endShortage(source) }
        deal(connection)
      case .failed(let error):
        if loop.index >= 0 { counters.acceptErrors &+= 1 } else { server.loops[0].noteForeignAcceptError() }
        if isOfTheConnection(error) { continue }
        pause(source, for: error)
        return
      }
    }
  }

  /// Whether an error of `accept` concerns only the connection that was to be accepted: it was given up
  /// meanwhile, or the network lost it. Source: accept(2), "Error handling".
  private func isOfTheConnection(_ error: Errno) -> Bool {
    switch error {
    case .connectionAbort, .protocolError, .connectionReset, .notPermitted, .networkDown, .protocolNotAvailable,
      .hostIsDown, .noRouteToHost, .notSupportedOnSocket, .networkUnreachable, .timedOut:
      true
    default:
      false
    }
  }

  /// Stops accepting for a moment; connections wait in the backlog.
  private func pause(_ source: Source, for error: Errno) {
    noteShortage(source, "accept on", error)
    watch(source, [])
  }

  /// Has a socket that failed for want of something tried again. One shortage is reported once.
  private func noteShortage(_ source: Source, _ task: String, _ error: Errno) {
    if source.lastShortage == nil {
      options.logger?.warning(
        "cannot \(task) \(source.socket.address), trying again every \(Self.acceptPause): \(error)")
    }
    source.lastShortage = now
    source.resumption = now + Self.acceptPause
    remind(at: now + Self.acceptPause)
  }

  private func endShortage(_ source: Source) {
    source.lastShortage = nil
    options.logger?.notice("accepting again on \(source.socket.address)")
  }

  /// Goes on with the sockets whose pause is over.
  func resumeAccepting() {
    for source in sources {
      guard let resumption = source.resumption, resumption <= now else { continue }
      source.resumption = nil
      watch(source, source.interest)
    }
  }

  /// Changes what a source is watched for; what fails is tried again later.
  func watch(_ source: Source, _ interest: Poller.Interest) {
    let place = sources.firstIndex { $0 === source } ?? 0
    do throws(Errno) {
      try failIfPlanned(.watch)
      try poller.modify(
        FileDescriptor(rawValue: source.socket.fd), token: Poller.Token(rawValue: UInt64(place)), interest: interest)
    } catch {
      noteShortage(source, "watch", error)
    }
  }

  private func deal(_ connection: consuming AcceptedSocket) {
    let target = balancer.loop(for: connection)
    // Counted before it is compared, so that several threads that accept never exceed the limit together.
    target.addConnection()
    if let limit = options.maxConnections, server.connectionCount > limit {
      target.removeConnection()
    } else if target === loop {
      adopt(connection)
    } else {
      target.post(.adopt(connection))
    }
  }

  /// Makes an accepted connection one of this loop's.
  func adopt(_ connection: consuming AcceptedSocket) {
    if drainDeadline != nil { return loop.removeConnection() }
    let slot = connections.pointee.allocate()
    slot.pointee.addressIndex = connection.addressIndex
    slot.pointee.remote = connection.remote
    if connection.remote.family != .unix { slot.pointee.flags.insert(.isTCP) }
    do throws(Errno) {
      try failIfPlanned(.register)
      try poller.add(
        FileDescriptor(rawValue: connection.socket.fd), token: Poller.Token(rawValue: slot.pointee.token),
        interest: .readable)
    } catch {
      options.logger?.error("cannot watch a connection from \(connection.remote): \(error)")
      connections.pointee.release(slot)
      return loop.removeConnection()
    }
    slot.pointee.fd = connection.takeDescriptor()
    slot.pointee.interest = .readable
    slot.pointee.phase = .open
    counters.accepts &+= 1
    counters.connectionsOpened &+= 1
    counters.connectionsActive &+= 1
    if let timeout = options.idleTimeout {
      slot.pointee.lastActivity = now
      idle?.schedule(slot.pointee.index, at: now + timeout)
      remind(at: now + timeout)
    }
    var view = Connection(slot)
    let action = events.onOpened?(&view)
    settle(slot, action ?? Action.none)
  }
}
