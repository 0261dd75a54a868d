internal import CTestSupport
internal import SystemPackage

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

/// The calls on sockets, with their errors thrown.
enum Socket {
  /// Throws the error if the result of a call is a negated errno.
  private static func check(_ result: Int32) throws(Errno) -> Int32 {
    if result < 0 { throw Errno(rawValue: -result) }
    return result
  }

  private static func check(_ count: Int) throws(Errno) -> Int {
    if count < 0 { throw Errno(rawValue: Int32(-count)) }
    return count
  }

  /// Opens a socket of the family of `address`, whose calls give up after `patience` seconds.
  static func open(for address: some PeerAddress, datagrams: Bool, patience: Int) throws(Errno) -> Int32 {
    let family = address.path != nil ? AF_UNIX : address.isIPv6 ? AF_INET6 : AF_INET
    let fd = try check(ctest_socket(family, datagrams))
    var limit = timeval(tv_sec: patience, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      unsafe setsockopt(fd, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
    }
    return fd
  }

  static func bind(_ fd: Int32, to address: SocketName) throws(Errno) {
    _ = try check(unsafe withName(of: address) { unsafe ctest_bind(fd, $0, $1) })
  }

  static func connect(_ fd: Int32, to address: SocketName) throws(Errno) {
    _ = try check(unsafe withName(of: address) { unsafe ctest_connect(fd, $0, $1) })
  }

  /// The number of bytes that the peer's side has taken.
  static func send(_ fd: Int32, _ bytes: ArraySlice<UInt8>) throws(Errno) -> Int {
    try check(unsafe bytes.withUnsafeBytes { unsafe ctest_send(fd, $0.baseAddress, $0.count) })
  }

  static func receive(_ fd: Int32, upTo limit: Int) throws(Errno) -> [UInt8] {
    var result = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
      result = unsafe ctest_receive(fd, buffer.baseAddress, limit)
      count = max(0, result)
    }
    _ = try check(result)
    return bytes
  }

  /// Receives into a buffer that is used again.
  static func receive(_ fd: Int32, into buffer: inout [UInt8]) throws(Errno) -> Int {
    try check(unsafe ctest_receive(fd, &buffer, buffer.count))
  }

  static func close(_ fd: Int32) { _ = systemClose(fd) }

  static func endOutput(of fd: Int32) { _ = shutdown(fd, Int32(SHUT_WR)) }

  static func shutDown(_ fd: Int32) { _ = shutdown(fd, Int32(SHUT_RDWR)) }

  /// Another descriptor for the socket, the first free one from `number` on.
  static func duplicate(_ fd: Int32, from number: Int32) throws(Errno) -> Int32 {
    try check(ctest_duplicate(fd, number))
  }

  static func resetOnClose(_ fd: Int32) {
    var option = linger(l_onoff: 1, l_linger: 0)
    unsafe setsockopt(fd, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
  }

  static func setOption(_ fd: Int32, _ level: Int32, _ name: Int32, _ value: Int32) throws(Errno) {
    _ = try check(ctest_set_option(fd, level, name, value))
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

// The system's function, whose name the method above has as well.
private func systemClose(_ fd: Int32) -> Int32 { close(fd) }
