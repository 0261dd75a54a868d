internal import SystemPackage

#if canImport(Darwin)
  internal import Darwin

  private let sendFlags: Int32 = 0
  private func makeSocket(_ family: Int32, datagrams: Bool) -> Int32 {
    socket(family, datagrams ? SOCK_DGRAM : SOCK_STREAM, 0)
  }
#elseif canImport(Musl)
  internal import Musl

  private let sendFlags = Int32(MSG_NOSIGNAL)
  private func makeSocket(_ family: Int32, datagrams: Bool) -> Int32 {
    socket(family, (datagrams ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0)
  }
#else
  internal import Glibc

  private let sendFlags = Int32(MSG_NOSIGNAL)
  private func makeSocket(_ family: Int32, datagrams: Bool) -> Int32 {
    let type = datagrams ? SOCK_DGRAM : SOCK_STREAM
    return socket(family, Int32(type.rawValue | SOCK_CLOEXEC.rawValue), 0)
  }
#endif

/// The calls on sockets, with their errors thrown.
enum Socket {
  private static func check(_ result: Int32) throws(Errno) {
    if result < 0 { throw Errno(rawValue: errno) }
  }

  private static func check(_ count: Int) throws(Errno) -> Int {
    if count < 0 { throw Errno(rawValue: errno) }
    return count
  }

  /// Opens a socket of the family of `address`, whose calls give up after `patience` seconds.
  static func open(for address: some PeerAddress, datagrams: Bool, patience: Int) throws(Errno) -> Int32 {
    let family = address.path != nil ? AF_UNIX : address.isIPv6 ? AF_INET6 : AF_INET
    let fd = makeSocket(family, datagrams: datagrams)
    try check(fd)
    var limit = timeval(tv_sec: patience, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      unsafe setsockopt(fd, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
    }
    return fd
  }

  static func bind(_ fd: Int32, to address: SocketName) throws(Errno) {
    try check(unsafe withName(of: address) { unsafe systemBind(fd, $0, $1) })
  }

  static func connect(_ fd: Int32, to address: SocketName) throws(Errno) {
    try check(unsafe withName(of: address) { unsafe systemConnect(fd, $0, $1) })
  }

  /// The number of bytes that the peer's side has taken.
  static func send(_ fd: Int32, _ bytes: ArraySlice<UInt8>) throws(Errno) -> Int {
    try check(unsafe bytes.withUnsafeBytes { unsafe systemSend(fd, $0.baseAddress, $0.count, sendFlags) })
  }

  static func receive(_ fd: Int32, upTo limit: Int) throws(Errno) -> [UInt8] {
    var result = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
      result = unsafe recv(fd, buffer.baseAddress, limit, 0)
      count = max(0, result)
    }
    _ = try check(result)
    return bytes
  }

  /// Receives into a buffer that is used again.
  static func receive(_ fd: Int32, into buffer: inout [UInt8]) throws(Errno) -> Int {
    try check(unsafe recv(fd, &buffer, buffer.count, 0))
  }

  static func close(_ fd: Int32) { _ = systemClose(fd) }

  static func endOutput(of fd: Int32) { _ = shutdown(fd, Int32(SHUT_WR)) }

  static func shutDown(_ fd: Int32) { _ = shutdown(fd, Int32(SHUT_RDWR)) }

  /// Another descriptor for the socket, the first free one from `number` on.
  static func duplicate(_ fd: Int32, from number: Int32) throws(Errno) -> Int32 {
    let copy = fcntl(fd, F_DUPFD_CLOEXEC, number)
    try check(copy)
    return copy
  }

  static func resetOnClose(_ fd: Int32) {
    var option = linger(l_onoff: 1, l_linger: 0)
    unsafe setsockopt(fd, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
  }

  static func setOption(_ fd: Int32, _ level: Int32, _ name: Int32, _ value: Int32) throws(Errno) {
    var value = value
    try check(unsafe setsockopt(fd, level, name, &value, socklen_t(MemoryLayout<Int32>.size)))
  }

  static func setReceiveBuffer(_ fd: Int32, _ size: Int32) { try? setOption(fd, SOL_SOCKET, SO_RCVBUF, size) }

  static func unsentCount(_ fd: Int32) -> Int {
    var count: Int32 = 0
    return unsafe ioctl(fd, UInt(TIOCOUTQ), &count) == 0 ? Int(count) : 0
  }

  /// Whether the socket becomes ready to be read, or written to, within a time.
  static func isReady(_ fd: Int32, toWrite: Bool, within time: Duration) -> Bool {
    var entry = pollfd(fd: fd, events: Int16(toWrite ? POLLOUT : POLLIN), revents: 0)
    return unsafe poll(&entry, 1, Int32(time / .milliseconds(1))) == 1
  }

  /// Calls `body` with an address as the system takes it.
  private static func withName(
    of address: SocketName, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) throws(Errno) -> Int32 {
    if let path = address.path { return unsafe withName(ofPath: path, body) }
    var hints = unsafe addrinfo()
    unsafe hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
    var found: UnsafeMutablePointer<addrinfo>?
    guard unsafe getaddrinfo(address.host!, String(address.port!), &hints, &found) == 0, let first = unsafe found else {
      throw .invalidArgument
    }
    defer { unsafe freeaddrinfo(found) }
    return unsafe body(first.pointee.ai_addr, first.pointee.ai_addrlen)
  }

  private static func withName(ofPath path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var name = sockaddr_un()
    name.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &name.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
    return unsafe withUnsafePointer(to: name) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }
}

// The system's functions, whose names the methods above have as well.
private func systemBind(_ fd: Int32, _ name: UnsafePointer<sockaddr>, _ length: socklen_t) -> Int32 {
  unsafe bind(fd, name, length)
}
private func systemConnect(_ fd: Int32, _ name: UnsafePointer<sockaddr>, _ length: socklen_t) -> Int32 {
  unsafe connect(fd, name, length)
}
private func systemSend(_ fd: Int32, _ bytes: UnsafeRawPointer?, _ count: Int, _ flags: Int32) -> Int {
  unsafe send(fd, bytes, count, flags)
}
private func systemClose(_ fd: Int32) -> Int32 { close(fd) }
