internal import CGnet
internal import SystemPackage

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

extension ListenAddress {
  /// Binds this address, and listens on it if it is one of streams.
  ///
  /// With `reusePort` there are `loopCount` sockets, all on one port, if the system deals connections to them
  /// evenly; otherwise there is one. Socket options
  /// that accepted connections inherit are set here, once, and not on every connection.
  func bind(index: Int, loopCount: Int, options: Options) throws(ServeError) -> [BoundSocket] {
    if scheme == .unix { return [try bindUnix(index: index, options: options)] }
    let candidates = try resolve()
    var failure: ServeError?
    for candidate in candidates {
      do {
        return try bindAll(
          candidate, index: index, count: reusePort && cgnet_reuse_port_balances() ? loopCount : 1, options: options)
      } catch .system(_, _, .addressFamilyNotSupported), .system(_, _, .addressNotAvailable) {
        failure = failure ?? .system(operation: "bind", address: text, .addressNotAvailable)
      }
    }
    throw failure ?? invalid("the host has no address of this kind")
  }

  private func bindAll(
    _ address: RawAddress, index: Int, count: Int, options: Options
  ) throws(ServeError) -> [BoundSocket] {
    var address = address
    var sockets: [BoundSocket] = []
    for _ in 0..<count {
      let socket = try bindOne(address, index: index, options: options)
      // Port 0 means any: the first socket gets one, the others share it.
      address = RawAddress(socket.address, isIPv6: socket.isIPv6)
      sockets.append(socket)
    }
    return sockets
  }

  private func bindOne(_ address: RawAddress, index: Int, options: Options) throws(ServeError) -> BoundSocket {
    let family = Int32(address.storage.ss_family)
    var step = SystemCall.socket
    do throws(Errno) {
      let socket = try Syscalls.openSocket(
        family: family, type: scheme.isDatagram ? Self.datagramType : Self.streamType)
      step = .setOption
      if family == AF_INET6 {
        try Syscalls.setOption(socket.fd, Int32(IPPROTO_IPV6), IPV6_V6ONLY, scheme.allowsIPv4 ? 0 : 1)
      }
      if reusePort { try Syscalls.sharePort(socket.fd) }
      if !scheme.isDatagram { try Syscalls.setOption(socket.fd, SOL_SOCKET, SO_REUSEADDR, 1) }
      try setBufferSizes(of: socket.fd, options)
      if !scheme.isDatagram {
        try Syscalls.setNoDelay(socket.fd, options.tcpNoDelay)
        if let interval = options.tcpKeepAlive { try Syscalls.setKeepAlive(socket.fd, interval) }
      }
      if scheme.isDatagram { Syscalls.receiveMerged(socket.fd) }
      step = .bind
      try Syscalls.bindSocket(socket.fd, to: address)
      step = .getName
      let bound = try Syscalls.localAddress(of: socket.fd)
      step = .setOption
      if scheme.isDatagram && bound.isUnspecified { try Syscalls.reportLocalAddresses(socket.fd, family: family) }
      step = .listen
      if !scheme.isDatagram { try Syscalls.startListening(socket.fd, backlog: Self.backlog) }
      return BoundSocket(
        socket, address: bound, addressIndex: index, isDatagram: scheme.isDatagram, isIPv6: family == AF_INET6
      )
    } catch {
      throw .system(operation: step.rawValue, address: text, error)
    }
  }

  private func bindUnix(index: Int, options: Options) throws(ServeError) -> BoundSocket {
    guard let address = RawAddress(path: path) else { throw invalid("the path is too long") }
    var step = SystemCall.socket
    do throws(Errno) {
      try removeStaleSocket(address)
      let socket = try Syscalls.openSocket(family: AF_UNIX, type: Self.streamType)
      step = .setOption
      try setBufferSizes(of: socket.fd, options)
      step = .bind
      try Syscalls.bindSocket(socket.fd, to: address)
      let bound = BoundSocket(
        socket, address: SocketAddress(.unix(path: path)), addressIndex: index, isDatagram: false,
        isIPv6: false, file: UnixSocketFile(path: path))
      step = .changeMode
      if let permissions = options.unixSocketPermissions {
        try Syscalls.setPermissions(ofFileAt: path, permissions)
      }
      step = .listen
      try Syscalls.startListening(bound.fd, backlog: Self.backlog)
      return bound
    } catch {
      throw .system(operation: step.rawValue, address: text, error)
    }
  }

  /// Removes a socket that a server left behind: one that nobody answers on. Anything else stays, and
  /// binding fails with `addressInUse`.
  private func removeStaleSocket(_ address: RawAddress) throws(Errno) {
    guard let found = Syscalls.identity(ofFileAt: path), found.isSocket else { return }
    let probe = try Syscalls.openSocket(family: AF_UNIX, type: Self.streamType)
    do throws(Errno) {
      try Syscalls.connectSocket(probe.fd, to: address)
    } catch .connectionRefused {
      Syscalls.removeFile(at: path)
    } catch {}
  }

  private func setBufferSizes(of fd: Int32, _ options: Options) throws(Errno) {
    if let size = options.socketReceiveBuffer {
      try Syscalls.setOption(fd, SOL_SOCKET, SO_RCVBUF, Int32(clamping: size))
    }
    if let size = options.socketSendBuffer {
      try Syscalls.setOption(fd, SOL_SOCKET, SO_SNDBUF, Int32(clamping: size))
    }
  }

  /// The addresses that the host stands for, the one to try first at the front. Corresponds to `getaddrinfo(3)`.
  ///
  /// An empty host is every interface, by one socket for both versions of IP where the system has IPv6. A
  /// name that has addresses of both versions is bound at its IPv4 address, as most clients expect of `localhost`.
  private func resolve() throws(ServeError) -> [RawAddress] {
    var hints = unsafe addrinfo()
    unsafe hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
    unsafe hints.ai_socktype = scheme.isDatagram ? Self.datagramType : Self.streamType
    unsafe hints.ai_family = scheme.allowsIPv4 ? (scheme.allowsIPv6 ? AF_UNSPEC : AF_INET) : AF_INET6
    var found: UnsafeMutablePointer<addrinfo>?
    let result = unsafe getaddrinfo(host.isEmpty ? nil : host, String(port), &hints, &found)
    guard result == 0 else {
      throw invalid("host \"\(host)\" cannot be resolved: \(unsafe String(cString: gai_strerror(result)))")
    }
    defer { unsafe freeaddrinfo(found) }
    var addresses: [RawAddress] = []
    var next = unsafe found
    while let entry = unsafe next {
      unsafe addresses.append(RawAddress(copying: entry.pointee.ai_addr, length: entry.pointee.ai_addrlen))
      unsafe next = entry.pointee.ai_next
    }
    let preferred = sa_family_t(host.isEmpty ? AF_INET6 : AF_INET)
    return addresses.filter { $0.storage.ss_family == preferred }
      + addresses.filter { $0.storage.ss_family != preferred }
  }

  /// As many connections as the system lets wait.
  private static let backlog = Int32(clamping: SOMAXCONN)

  #if canImport(Glibc) || canImport(Musl)
    private static let streamType = Int32(SOCK_STREAM.rawValue)
    private static let datagramType = Int32(SOCK_DGRAM.rawValue)
  #else
    private static let streamType = SOCK_STREAM
    private static let datagramType = SOCK_DGRAM
  #endif
}
