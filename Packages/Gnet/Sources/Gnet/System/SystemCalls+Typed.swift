internal import CGnet
internal import SystemPackage

/// The outcome of an attempt to accept.
enum Acceptance: ~Copyable {
  case accepted(OwnedSocket, peer: SocketAddress)
  case nobodyWaits
  case failed(Errno)
}

// Typed calls for the rest of Gnet. They repeat a call that a signal has interrupted.
extension SystemCalls {
  func receivingDatagrams(_ fd: Int32, into buffers: OpaquePointer) -> Transfer {
    assert(fd >= 0)
    while true {
      if let transfer = unsafe Transfer(result: Int(receiveDatagrams(fd, into: buffers))) { return transfer }
    }
  }

  func sendingDatagrams(
    _ fd: Int32, _ runs: UnsafeBufferPointer<cgnet_run>, _ bytes: UnsafeRawBufferPointer
  ) -> Transfer {
    assert(fd >= 0 && !runs.isEmpty)
    while true {
      if let transfer = unsafe Transfer(result: Int(sendDatagrams(fd, runs, bytes))) { return transfer }
    }
  }

  func accepting(_ fd: Int32) -> Acceptance {
    assert(fd >= 0)
    var peer = RawAddress()
    while true {
      switch Transfer(result: Int(accept(fd, peer: &peer))) {
      case nil: continue
      case .moved(let accepted):
        return .accepted(
          OwnedSocket(adopting: Int32(accepted), of: self), peer: SocketAddress(peer.storage, length: peer.length))
      case .wouldBlock: return .nobodyWaits
      case .failed(let error): return .failed(error)
      }
    }
  }

  /// Begins to connect a socket. Returns whether it is connected already.
  ///
  /// - Parameter again: whether to ask a second time, for a peer on this machine: the connection is established before the
  ///   first call returns, but only the second one says so.
  func beginConnecting(_ fd: Int32, to address: RawAddress, again: Bool) throws(Errno) -> Bool {
    assert(fd >= 0 && address.family != AF_UNSPEC)
    for _ in 0..<(again ? 2 : 1) {
      switch -connect(fd, to: address) {
      case 0, EISCONN: return true
      // Interrupted: the connection is established all the same.
      case EINPROGRESS, EALREADY, EINTR: continue
      case let code: throw Errno(rawValue: code)
      }
    }
    return false
  }

  /// Whether a TCP socket has got its own address as its peer: a port that nobody listens on may be chosen for the socket
  /// that connects to it. RFC 9293, section 3.5, calls that a simultaneous open.
  func isConnectedToItself(_ fd: Int32, _ remote: SocketAddress) -> Bool {
    remote.family != .unix && (try? localAddress(of: fd)) == remote
  }

  func socket(family: Int32, isDatagram: Bool) throws(Errno) -> OwnedSocket {
    OwnedSocket(adopting: try checked(openSocket(family: family, isDatagram: isDatagram)), of: self)
  }

  func set(_ option: cgnet_option, _ value: Int32, of fd: Int32) throws(Errno) {
    try checked(setOption(fd, option, value))
  }

  /// Sets the silence after which a peer is probed, the time between probes, which is the same for `nil`, and the number of
  /// probes. Times are rounded up to whole seconds. Without a silence, probes are turned off.
  func setKeepAlive(of fd: Int32, _ silence: Duration?, interval: Duration? = nil, probes: Int = 3) throws(Errno) {
    assert(probes >= 1)
    guard let silence else { return try set(CGNET_KEEP_ALIVE, 0, of: fd) }
    try set(CGNET_KEEP_ALIVE, Self.count(of: .second, in: silence), of: fd)
    try set(CGNET_KEEP_INTERVAL, Self.count(of: .second, in: interval ?? silence), of: fd)
    try set(CGNET_KEEP_PROBES, Int32(clamping: probes), of: fd)
  }

  /// Sets the time that output may wait for the peer, rounded up to milliseconds.
  func setUserTimeout(of fd: Int32, _ timeout: Duration) throws(Errno) {
    try set(CGNET_USER_TIMEOUT, Self.count(of: .millisecond, in: timeout), of: fd)
  }

  /// A time as a socket option has it: at least one unit.
  private static func count(of unit: Duration.Unit, in time: Duration) -> Int32 {
    Int32(clamping: max(1, time.count(of: unit)))
  }

  /// The local address of a socket.
  func localAddress(of fd: Int32) throws(Errno) -> SocketAddress {
    var raw = RawAddress()
    try checked(readLocalAddress(of: fd, into: &raw))
    return SocketAddress(raw.storage, length: raw.length)
  }

  /// The address that a socket is connected to.
  func peerAddress(of fd: Int32) throws(Errno) -> SocketAddress {
    var raw = RawAddress()
    try checked(readPeerAddress(of: fd, into: &raw))
    return SocketAddress(raw.storage, length: raw.length)
  }

  /// Returns the pending error of a socket and clears it; `nil` if there is none.
  func pendingError(of fd: Int32) -> Errno? {
    assert(fd >= 0)
    let code = takeError(of: fd)
    return code == 0 ? nil : Errno(rawValue: code)
  }

  /// Returns a result, or throws the error if the result is a negated errno.
  @discardableResult
  func checked(_ result: Int32) throws(Errno) -> Int32 {
    if result < 0 { throw Errno(rawValue: -result) }
    return result
  }
}
