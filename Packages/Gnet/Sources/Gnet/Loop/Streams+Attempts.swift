internal import CGnet
internal import Poller
internal import SystemPackage

// The sockets of outbound connections that are being established: an attempt for each address that is tried.
extension Streams {
  private enum Attempt {
    case established(ConnectionSlot)
    case pending(ConnectionSlot)
    /// The queue of a unix socket is full, and nothing will tell when it is not.
    case full
    /// The address cannot be connected to.
    case failed(ConnectError)
    /// No other address would help.
    case impossible(ConnectError)
  }

  /// Tries addresses until one is connected or pending; with none left, the dial has failed.
  mutating func tryNext(_ dial: Dial, _ turn: inout Turn<System>) {
    assert(knows(dial))
    dial.progress.nextAttempt = .never
    while let next = dial.progress.race.takeNext() {
      switch attempt(next, dial, turn) {
      case .established(let slot):
        return succeed(slot, dial, &turn)
      case .pending(let slot):
        dial.progress.addAttempt(slot.pointee.token)
        if !dial.progress.race.isOver { dial.progress.nextAttempt = turn.system.now + AddressRace.delay }
        return armTimer(dial, &turn)
      case .full:
        dial.progress.race.putBack()
        dial.progress.nextAttempt = turn.system.now + dial.progress.retryDelay
        dial.progress.retryDelay = min(dial.progress.retryDelay * 2, Self.longestRetryDelay)
        return armTimer(dial, &turn)
      case .failed(let error):
        dial.progress.failure = error
      case .impossible(let error):
        return fail(dial, error, &turn)
      }
    }
    if dial.progress.attempts.isEmpty {
      fail(dial, dial.progress.failure ?? .nameNotFound(dial.address), &turn)
    } else {
      armTimer(dial, &turn)
    }
  }

  private static var longestRetryDelay: Duration { .milliseconds(50) }

  // Inlined: a function that borrows the turn would be given a copy of it.
  @inline(__always)
  private func attempt(_ next: AddressRace.Entry, _ dial: Dial, _ turn: borrowing Turn<System>) -> Attempt {
    let remote = next.address
    if let local = dial.progress.local, remote.family != .unix, remote.family != local.family {
      return .failed(
        .invalidAddress(dial.address, reason: "it has no address of the same kind as the local address \(local)"))
    }
    var call = SystemCall.socket
    do throws(Errno) {
      let socket = try turn.system.socket(family: next.raw.family, isDatagram: dial.isDatagram)
      call = .setOption
      try setOptions(of: socket.fd, dial, isTCP: remote.family != .unix && !dial.isDatagram, turn.system)
      call = .bind
      if let local = dial.progress.local, remote.family != .unix {
        try turn.system.checked(
          turn.system.bind(socket.fd, to: RawAddress(local, isIPv6: local.family == .ipv6)))
      }
      call = .connect
      let isEstablished = try turn.system.beginConnecting(socket.fd, to: next.raw, again: remote.isLoopback)
      if isEstablished, !dial.isDatagram, turn.system.isConnectedToItself(socket.fd, remote) {
        throw .connectionRefused
      }
      call = .register
      let slot = try register(socket, remote, isDatagram: dial.isDatagram, isEstablished ? .readable : .writable, turn)
      slot.pointee.handleQueue = dial.queue
      return isEstablished ? .established(slot) : .pending(slot)
    } catch .wouldBlock where call == .connect {
      return .full
    } catch {
      let failure = dial.failure(of: call, error)
      return call == .bind || call == .connect || error == .addressFamilyNotSupported
        ? .failed(failure) : .impossible(failure)
    }
  }

  private func setOptions(of fd: Int32, _ dial: Dial, isTCP: Bool, _ system: System) throws(Errno) {
    if let size = dial.options.socketReceiveBuffer {
      try system.set(CGNET_RECEIVE_BUFFER, Int32(clamping: size), of: fd)
    }
    if let size = dial.options.socketSendBuffer {
      try system.set(CGNET_SEND_BUFFER, Int32(clamping: size), of: fd)
    }
    guard isTCP else { return }
    if dial.options.tcpNoDelay { try system.set(CGNET_NO_DELAY, 1, of: fd) }
    if let silence = dial.options.tcpKeepAlive {
      try system.setKeepAlive(
        of: fd, silence, interval: dial.options.tcpKeepAliveInterval, probes: max(1, dial.options.tcpKeepAliveProbes))
    }
    if let timeout = dial.options.tcpUserTimeout { try system.setUserTimeout(of: fd, timeout) }
    if let local = dial.progress.local, local.port == 0 { try system.set(CGNET_BIND_ADDRESS_ONLY, 1, of: fd) }
  }

  /// Takes in that the socket of a connection that is being established has connected or failed.
  mutating func serveConnecting(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    guard let dial = slot.pointee.handleQueue?.dial else {
      return assertionFailure("a connection that is being established has no dial")
    }
    assert(dial.progress.attempts.contains(slot.pointee.token))
    if let error = outcome(of: slot, turn) {
      dial.progress.failure = dial.failure(of: .connect, error)
      giveUp(slot, dial, &turn)
      tryNext(dial, &turn)
    } else {
      succeed(slot, dial, &turn)
    }
  }

  /// The error that a socket's attempt has ended with; `nil` if the socket is connected.
  func outcome(of slot: ConnectionSlot, _ turn: borrowing Turn<System>) -> Errno? {
    assert(slot.pointee.life.phase == .establishing)
    let fd = slot.pointee.fd
    if let error = turn.system.pendingError(of: fd) { return error }
    return turn.system.isConnectedToItself(fd, slot.pointee.remote) ? .connectionRefused : nil
  }

  /// Closes the socket of an attempt.
  mutating func giveUp(
    _ token: ConnectionToken, _ dial: Dial, _ turn: inout Turn<System>, because error: Errno? = nil
  ) {
    guard let slot = connections.pointee.find(token) else { return assertionFailure("an attempt has no slot") }
    giveUp(slot, dial, &turn, because: error)
  }

  /// Closes the socket of an attempt.
  mutating func giveUp(
    _ slot: ConnectionSlot, _ dial: Dial, _ turn: inout Turn<System>, because error: Errno? = nil
  ) {
    assert(slot.pointee.life.phase == .establishing && slot.pointee.handler == nil)
    slot.pointee.filters?.pointee.abandon(error)
    dial.progress.removeAttempt(slot.pointee.token)
    assert(!dial.progress.attempts.contains(slot.pointee.token))
    slot.pointee.life.phase = .ended
    free(slot, &turn)
  }
}
