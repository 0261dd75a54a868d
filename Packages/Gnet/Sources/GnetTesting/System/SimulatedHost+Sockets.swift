internal import CGnet
public import Gnet
public import SystemPackage

extension SimulatedHost {
  /// Opens a socket that is bound to an address: for a `Listener(inheriting:)`, as a service manager opens the sockets that it
  /// starts a program with. The server that takes the socket closes the descriptor.
  ///
  /// - Parameters:
  ///   - address: an address of this host; port 0 stands for any port. IPv6 sockets take IPv6 peers only.
  ///   - isDatagram: whether the socket is one of datagrams.
  ///   - isListening: whether a socket of streams listens already.
  /// - Returns: the descriptor; `nil` if the address is taken, or not of this host, or there are no more descriptors.
  public func openSocket(
    on address: SocketAddress, isDatagram: Bool = false, isListening: Bool = true
  ) -> FileDescriptor? {
    let family =
      switch address.family {
      case .ipv4: AF_INET
      case .ipv6: AF_INET6
      case .unix: AF_UNIX
      }
    let descriptor = Descriptor(self, family: family, isDatagram: isDatagram)
    descriptor.takesIPv4 = false
    guard let fd = open(descriptor) else { return nil }
    guard bind(descriptor, to: address) == 0, let bound = descriptor.bound else {
      _ = close(fd)
      return nil
    }
    if isListening && !isDatagram { listen(descriptor, at: bound, backlog: 128) }
    return FileDescriptor(rawValue: fd)
  }

  /// Whether there is the file of a unix socket at a path.
  public func hasFile(at path: String) -> Bool { files[path] != nil }

  // MARK: Calls

  /// Binds a socket. Returns 0 or a negated errno.
  func bind(_ descriptor: Descriptor, to wanted: SocketAddress) -> Int32 {
    var address = wanted
    if let path = address.path {
      let isAbstract = path.hasPrefix("@")
      if isAbstract ? listener(for: address) != nil : files[path] != nil { return -EADDRINUSE }
      if !isAbstract { addFile(path) }
    } else {
      guard has(address) else { return -EADDRNOTAVAIL }
      if address.port == 0 { address = address.withPort(of: SocketAddress("0.0.0.0:\(takePort())")!) }
      if !descriptor.sharesPort && isTaken(address, isDatagram: descriptor.isDatagram) { return -EADDRINUSE }
    }
    descriptor.bound = address
    if descriptor.isDatagram {
      let socket = DatagramSocket(
        self, local: address, isIPv6: descriptor.isIPv6, takesIPv4: descriptor.isIPv6 && descriptor.takesIPv4)
      descriptor.kind = .datagrams(socket)
      bind(socket)
    }
    return 0
  }

  /// Has a bound socket listen.
  func listen(_ descriptor: Descriptor, at address: SocketAddress, backlog: Int) {
    let socket = ListeningSocket(
      self, address, isIPv6: descriptor.isIPv6, takesIPv4: descriptor.isIPv6 && descriptor.takesIPv4,
      backlog: backlog)
    descriptor.kind = .listening(socket)
    bind(socket)
  }
}
