internal import CGnet
internal import SystemPackage

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

/// Every system call that this package makes: typed, with EINTR settled here.
///
/// What differs between systems is settled one level lower, in the C files of `CGnet`. Calls that can
/// fail on a bad day ask first whether a test wants them to (`Faults.swift`); a release build asks nothing.
enum Syscalls {
  // MARK: Moving bytes and datagrams

  /// Corresponds to `recv(2)`.
  @inline(__always)
  static func receive(_ fd: Int32, into room: UnsafeMutableRawBufferPointer) -> Transfer {
    while true {
      let count = allowed(.receive, room.count)
      let result = unsafe isFailing(.receive) ? -1 : cgnet_receive(fd, room.baseAddress, count)
      if let transfer = Transfer(result: result) { return transfer }
    }
  }

  /// Corresponds to `send(2)`, or to `sendmsg(2)` where the bytes lie in two segments.
  @inline(__always)
  static func send(_ fd: Int32, _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Transfer {
    while true {
      let count = allowed(.send, first.count)
      let result: Int
      if isFailing(.send) {
        result = -1
      } else if unsafe second.isEmpty || count < first.count {
        result = unsafe cgnet_send(fd, first.baseAddress, count)
      } else {
        result = unsafe cgnet_send_two(fd, first.baseAddress, count, second.baseAddress, second.count)
      }
      if let transfer = Transfer(result: result) { return transfer }
    }
  }

  /// Corresponds to `recvmmsg(2)`, or to `recvmsg(2)` as often as it takes.
  static func receive(_ fd: Int32, datagrams room: OpaquePointer) -> Transfer {
    while true {
      let result = unsafe isFailing(.receiveDatagrams) ? -1 : cgnet_receive_datagrams(fd, room)
      if let transfer = Transfer(result: Int(result)) { return transfer }
    }
  }

  /// Corresponds to `sendmmsg(2)`, or to `sendto(2)` as often as it takes.
  static func send(
    _ fd: Int32, datagrams: UnsafeBufferPointer<cgnet_run>, bytes: UnsafeRawBufferPointer
  ) -> Transfer {
    while true {
      let count = allowed(.sendDatagrams, datagrams.count)
      let result =
        unsafe isFailing(.sendDatagrams)
        ? -1 : cgnet_send_datagrams(fd, bytes.baseAddress, datagrams.baseAddress, Int32(count))
      if let transfer = Transfer(result: Int(result)) { return transfer }
    }
  }

  /// The bytes that have arrived and were not received. Corresponds to `ioctl(2)` with `FIONREAD`.
  static func unreadCount(_ fd: Int32) -> Int {
    var count: Int32 = 0
    return unsafe ioctl(fd, UInt(FIONREAD), &count) == 0 ? Int(count) : 0
  }

  /// The bytes sent that a TCP peer has not acknowledged. Corresponds to `ioctl(2)` with `SIOCOUTQ`.
  static func unacknowledgedCount(_ fd: Int32) -> Int { Int(cgnet_unacknowledged_count(fd)) }

  // MARK: Accepting

  /// What an attempt to accept came to.
  enum Acceptance: ~Copyable {
    case accepted(AcceptedSocket)
    case nobodyWaits
    case failed(Errno)
  }

  /// Corresponds to `accept4(2)`.
  static func accept(from listener: BoundSocket) -> Acceptance {
    var peer = sockaddr_storage()
    var length = socklen_t()
    while true {
      let fd = unsafe isFailing(.accept) ? -1 : cgnet_accept(listener.fd, &peer, &length)
      if fd >= 0 {
        let remote = SocketAddress(peer, length: length)
        return .accepted(
          AcceptedSocket(
            socket: OwnedSocket(adopting: fd), addressIndex: listener.addressIndex, remote: remote))
      }
      switch errno {
      case EINTR: continue
      case EAGAIN, EWOULDBLOCK: return .nobodyWaits
      default: return .failed(Errno(rawValue: errno))
      }
    }
  }

  // MARK: Setting up

  /// Corresponds to `socket(2)`; non-blocking and close-on-exec.
  static func openSocket(family: Int32, type: Int32) throws(Errno) -> OwnedSocket {
    OwnedSocket(adopting: try checked(isFailing(.socket) ? -1 : cgnet_socket(family, type)))
  }

  /// Corresponds to `bind(2)`.
  static func bindSocket(_ fd: Int32, to address: RawAddress) throws(Errno) {
    try failIfPlanned(.bind)
    unsafe try checked(address.withSockaddr { unsafe bind(fd, $0, $1) })
  }

  /// Corresponds to `listen(2)`.
  static func startListening(_ fd: Int32, backlog: Int32) throws(Errno) {
    try checked(isFailing(.listen) ? -1 : listen(fd, backlog))
  }

  /// Corresponds to `connect(2)`.
  static func connectSocket(_ fd: Int32, to address: RawAddress) throws(Errno) {
    unsafe try checked(address.withSockaddr { unsafe connect(fd, $0, $1) })
  }

  /// Corresponds to `setsockopt(2)` with an integer.
  static func setOption(_ fd: Int32, _ level: Int32, _ name: Int32, _ value: Int32) throws(Errno) {
    try failIfPlanned(.setOption)
    var value = value
    try checked(unsafe setsockopt(fd, level, name, &value, socklen_t(MemoryLayout<Int32>.size)))
  }

  /// Lets other sockets bind to the same port. Corresponds to `setsockopt(2)` with `SO_REUSEPORT`.
  static func sharePort(_ fd: Int32) throws(Errno) {
    try failIfPlanned(.setOption)
    try checked(cgnet_share_port(fd))
  }

  /// Has each datagram tell to which address of this machine it came. Corresponds to `setsockopt(2)` with `IP_PKTINFO`.
  static func reportLocalAddresses(_ fd: Int32, family: Int32) throws(Errno) {
    try failIfPlanned(.setOption)
    try checked(cgnet_report_local(fd, family))
  }

  /// Whether datagrams can be sent merged. Corresponds to `getsockopt(2)` with `UDP_SEGMENT`.
  static func canSegment(_ fd: Int32) -> Bool { cgnet_can_segment(fd) }

  /// Has datagrams that belong together be received together. Corresponds to `setsockopt(2)` with `UDP_GRO`.
  static func receiveMerged(_ fd: Int32) { cgnet_receive_merged(fd) }

  /// Turns Nagle's algorithm off or on. Corresponds to `setsockopt(2)` with `TCP_NODELAY`.
  static func setNoDelay(_ fd: Int32, _ isOn: Bool) throws(Errno) {
    try setOption(fd, Int32(IPPROTO_TCP), TCP_NODELAY, isOn ? 1 : 0)
  }

  /// Probes an idle peer every `interval`, rounded up to seconds, or never. Corresponds to `setsockopt(2)`
  /// with `SO_KEEPALIVE`, and with the options of TCP that set the idle time and the interval.
  static func setKeepAlive(_ fd: Int32, _ interval: Duration?) throws(Errno) {
    try failIfPlanned(.setOption)
    let nanoseconds = interval.map(\.saturatedNanoseconds) ?? 0
    let seconds = interval == nil ? 0 : max(1, (nanoseconds + 999_999_999) / 1_000_000_000)
    try checked(cgnet_set_keep_alive(fd, Int32(clamping: seconds)))
  }

  /// The address that a socket is bound to. Corresponds to `getsockname(2)`.
  static func localAddress(of fd: Int32) throws(Errno) -> SocketAddress {
    try failIfPlanned(.getName)
    var raw = RawAddress()
    unsafe try checked(raw.withMutableSockaddr { unsafe getsockname(fd, $0, $1) })
    return SocketAddress(raw.storage, length: raw.length)
  }

  /// The process at the other end of a unix socket; -1 where it is not known.
  static func peerProcess(of fd: Int32) -> Int32 { cgnet_peer_process(fd) }

  /// A socket's pending error, which reading it clears. Corresponds to `getsockopt(2)` with `SO_ERROR`.
  static func pendingError(of fd: Int32) -> Errno? {
    var error: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    guard unsafe getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0, error != 0 else { return nil }
    return Errno(rawValue: error)
  }

  // MARK: Ending

  /// Tells the peer that nothing more will come. Corresponds to `shutdown(2)` with `SHUT_WR`.
  static func endOutput(of fd: Int32) -> Bool { shutdown(fd, Int32(SHUT_WR)) == 0 }

  /// Makes calls on the descriptor block again. Corresponds to `fcntl(2)` with `F_SETFL`.
  static func makeBlocking(_ fd: Int32) throws(Errno) {
    try failIfPlanned(.setBlocking)
    let flags = try checked(fcntl(fd, F_GETFL))
    try checked(fcntl(fd, F_SETFL, flags & ~O_NONBLOCK))
  }

  /// Corresponds to `close(2)`; an interrupted one has closed the descriptor all the same.
  static func closeReporting(_ fd: Int32) throws(Errno) {
    if close(fd) == -1, errno != EINTR { throw Errno(rawValue: errno) }
  }

  /// Corresponds to `close(2)`, not repeated after EINTR: the descriptor is gone then as well.
  static func closeDescriptor(_ fd: Int32) { _ = close(fd) }

  /// A file's identity: its device and its number there.
  struct FileIdentity: Equatable, Sendable {
    let device: UInt64
    let number: UInt64
    let isSocket: Bool
  }

  /// What is at `path`, a link not followed; `nil` if nothing is. Corresponds to `lstat(2)`.
  static func identity(ofFileAt path: String) -> FileIdentity? {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return nil }
    return FileIdentity(
      device: UInt64(truncatingIfNeeded: status.st_dev), number: UInt64(status.st_ino),
      isSocket: status.st_mode & S_IFMT == S_IFSOCK)
  }

  /// The working directory; `nil` where it cannot be told. Corresponds to `getcwd(3)`.
  static var workingDirectory: String? {
    var room = [CChar](repeating: 0, count: Int(PATH_MAX))
    guard unsafe getcwd(&room, room.count) != nil else { return nil }
    return String(decoding: room.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Corresponds to `chmod(2)`.
  static func setPermissions(ofFileAt path: String, _ permissions: FilePermissions) throws(Errno) {
    try failIfPlanned(.changeMode)
    try checked(unsafe chmod(path, mode_t(permissions.rawValue)))
  }

  /// Corresponds to `unlink(2)`.
  static func removeFile(at path: String) { unsafe _ = unlink(path) }

  /// Passes a result on, or throws the errno that a -1 stands for; made again by the caller if interrupted.
  @discardableResult
  private static func checked(_ result: Int32) throws(Errno) -> Int32 {
    if result == -1 { throw Errno(rawValue: errno) }
    return result
  }
}
