internal import CGnet
internal import SystemPackage

extension Address {
  /// Binds this address, and listens on it if it is a stream address.
  ///
  /// Returns a list of sockets for each address of the host. With `reusePort`, a list has `loopCount` sockets on one port if
  /// the system balances connections between them, otherwise one socket. Accepted connections inherit the socket options
  /// that are set here.
  func bind(
    index: Int, loopCount: Int, backlog: Int, options: Options, on system: some SystemCalls
  ) throws(ServeError) -> [[BoundSocket]] {
    assert(loopCount >= 1)
    let backlog = Int32(clamping: backlog)
    if scheme == .unix { return [[try bindUnix(index: index, backlog: backlog, options: options, on: system)]] }
    let candidates = try resolve(on: system)
    var patience = port == 0 && candidates.count > 1 ? Self.portAttempts : 1
    while true {
      do {
        return try bindEach(
          candidates, index: index, loopCount: loopCount, backlog: backlog, options: options, on: system)
      } catch .system(_, _, .addressInUse) where patience > 1 {
        // The port that the system has chosen for the first address is another's on the next one.
        patience -= 1
      }
    }
  }

  /// The number of ports that are tried where one is to be chosen for several addresses.
  private static var portAttempts: Int { 16 }

  /// Binds the addresses of the host on one port. An address that this machine does not have is left out, if there are
  /// others.
  private func bindEach(
    _ candidates: [RawAddress], index: Int, loopCount: Int, backlog: Int32, options: Options,
    on system: some SystemCalls
  ) throws(ServeError) -> [[BoundSocket]] {
    var bound: [[BoundSocket]] = []
    var failure: ServeError?
    for candidate in candidates {
      var address = candidate
      if let first = bound.first?.first {
        if bindsOneAddress { break }
        address = RawAddress(
          SocketAddress(candidate.storage, length: candidate.length).withPort(of: first.address),
          isIPv6: candidate.family == AF_INET6)
      }
      do {
        bound.append(
          try bindAll(
            address, index: index, count: reusePort && cgnet_share_port_balances() ? loopCount : 1, backlog: backlog,
            options: options, on: system))
      } catch .system(_, _, .addressFamilyNotSupported), .system(_, _, .addressNotAvailable) {
        failure = failure ?? .system(operation: "bind", address: text, .addressNotAvailable)
      }
    }
    assert(!bindsOneAddress || bound.count <= 1)
    if !bound.isEmpty { return bound }
    throw failure ?? invalid("the host has no address of this kind")
  }

  /// Whether the first address that can be bound is the only one: all interfaces are bound by one socket, and the sender
  /// of a datagram names an address by its index.
  private var bindsOneAddress: Bool { host.isEmpty || scheme.isDatagram }

  private func bindAll(
    _ address: RawAddress, index: Int, count: Int, backlog: Int32, options: Options, on system: some SystemCalls
  ) throws(ServeError) -> [BoundSocket] {
    assert(count >= 1)
    var address = address
    var sockets: [BoundSocket] = []
    for _ in 0..<count {
      let socket = try bindOne(address, index: index, backlog: backlog, options: options, on: system)
      // Port 0: the system chooses a port for the first socket, and the other sockets share it.
      address = RawAddress(socket.address, isIPv6: socket.isIPv6)
      sockets.append(socket)
    }
    return sockets
  }

  private func bindOne(
    _ address: RawAddress, index: Int, backlog: Int32, options: Options, on system: some SystemCalls
  ) throws(ServeError) -> BoundSocket {
    let family = address.family
    assert(scheme != .unix && family != AF_UNIX)
    var step = SystemCall.socket
    do throws(Errno) {
      let socket = try system.socket(family: family, isDatagram: scheme.isDatagram)
      step = .setOption
      if family == AF_INET6 {
        try system.set(CGNET_IPV6_ONLY, scheme.allowsIPv4 ? 0 : 1, of: socket.fd)
      }
      if reusePort { try system.set(CGNET_SHARE_PORT, 1, of: socket.fd) }
      if !scheme.isDatagram { try system.set(CGNET_REUSE_ADDRESS, 1, of: socket.fd) }
      if scheme.isDatagram {
        try system.setDatagramOptions(of: socket.fd, options)
      } else {
        try system.setStreamOptions(of: socket.fd, family: family, options)
      }
      step = .bind
      try system.checked(system.bind(socket.fd, to: address))
      step = .getName
      let bound = try system.localAddress(of: socket.fd)
      step = .setOption
      if scheme.isDatagram && bound.isUnspecified { try system.set(CGNET_REPORT_LOCAL, family, of: socket.fd) }
      step = .listen
      if !scheme.isDatagram { try system.checked(system.listen(socket.fd, backlog: backlog)) }
      return BoundSocket(
        socket, address: bound, addressIndex: index, isDatagram: scheme.isDatagram, isIPv6: family == AF_INET6,
        backlog: scheme.isDatagram ? 0 : backlog)
    } catch {
      throw .system(operation: step.rawValue, address: text, error)
    }
  }

  /// The addresses of the host, in the order in which to try them.
  ///
  /// An empty host means all interfaces: one socket for both versions of IP, if the system has IPv6. The IPv4 addresses of
  /// a name come first; the first one names the server.
  private func resolve(on system: some SystemCalls) throws(ServeError) -> [RawAddress] {
    assert(scheme != .unix, "a path is no name of a host")
    let addresses: [RawAddress]
    do {
      addresses = try system.resolve(
        NameQuery(host: host, port: port, family: family, isDatagram: scheme.isDatagram, isPassive: true))
    } catch {
      throw invalid("host \"\(host)\" cannot be resolved: \(error.reason)")
    }
    let preferred = host.isEmpty ? AF_INET6 : AF_INET
    var seen: Set<SocketAddress> = []
    // A name may stand in several files and servers.
    let distinct = addresses.filter { seen.insert(SocketAddress($0.storage, length: $0.length)).inserted }
    return distinct.filter { $0.family == preferred } + distinct.filter { $0.family != preferred }
  }

  /// The address family of the scheme; `AF_UNSPEC` for both versions of IP.
  var family: Int32 { scheme.allowsIPv4 ? (scheme.allowsIPv6 ? AF_UNSPEC : AF_INET) : AF_INET6 }
}
