package import CGnet
package import Poller
internal import SystemPackage

/// The system calls of Gnet, without the calls of a selector: sockets, files, names and the clock.
///
/// The requirements are raw: each makes its system call once, and returns the result or the negated errno. The
/// extensions, here and in `SystemCalls+Typed.swift`, repeat interrupted calls and type the results, for all systems.
///
/// All threads of a server share one system. A loop has its system as a generic parameter, so its calls need no dynamic
/// dispatch. Rare calls from other places use `any SystemCalls`.
package protocol SystemCalls: AnyObject, Sendable {
  // MARK: Streams

  /// Corresponds to `recv(2)`.
  func receive(_ fd: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Int

  /// Corresponds to `send(2)`, or to `sendmsg(2)` if the second segment has bytes.
  func send(_ fd: Int32, _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Int

  /// Corresponds to `shutdown(2)` with `SHUT_WR`.
  func endOutput(of fd: Int32) -> Int32

  // MARK: Datagrams

  /// Corresponds to `recvmmsg(2)`, or to repeated calls of `recvmsg(2)`.
  func receiveDatagrams(_ fd: Int32, into buffers: OpaquePointer) -> Int32

  /// Corresponds to `sendmmsg(2)`, or to repeated calls of `sendto(2)`.
  func sendDatagrams(_ fd: Int32, _ runs: UnsafeBufferPointer<cgnet_run>, _ bytes: UnsafeRawBufferPointer) -> Int32

  // MARK: Sockets

  /// Corresponds to `socket(2)`; non-blocking and close-on-exec.
  func openSocket(family: Int32, isDatagram: Bool) -> Int32

  /// Corresponds to `bind(2)`.
  func bind(_ fd: Int32, to address: RawAddress) -> Int32

  /// Corresponds to `listen(2)`.
  func listen(_ fd: Int32, backlog: Int32) -> Int32

  /// Corresponds to `connect(2)`.
  func connect(_ fd: Int32, to address: RawAddress) -> Int32

  /// Corresponds to `accept4(2)`; non-blocking and close-on-exec.
  func accept(_ fd: Int32, peer: inout RawAddress) -> Int32

  /// Corresponds to `setsockopt(2)`.
  func setOption(_ fd: Int32, _ option: cgnet_option, _ value: Int32) -> Int32

  /// Corresponds to `getsockname(2)`.
  func readLocalAddress(of fd: Int32, into address: inout RawAddress) -> Int32

  /// Corresponds to `getpeername(2)`.
  func readPeerAddress(of fd: Int32, into address: inout RawAddress) -> Int32

  /// Makes a socket that the program has made non-blocking and close-on-exec. Corresponds to `fcntl(2)`.
  func adopt(_ fd: Int32) -> Int32

  /// Identifies a socket that the program was given. Corresponds to `getsockopt(2)` with `SO_TYPE` and `SO_ACCEPTCONN`.
  func identify(_ fd: Int32, as kind: inout cgnet_socket_kind) -> Int32

  /// Another descriptor for a socket that the program was given; non-blocking and close-on-exec. Corresponds to `fcntl(2)`
  /// with `F_DUPFD_CLOEXEC`.
  func duplicate(_ fd: Int32) -> Int32

  /// Returns the pending error of a socket and clears it; 0: no error. Corresponds to `getsockopt(2)` with `SO_ERROR`.
  func takeError(of fd: Int32) -> Int32

  /// The number of bytes in the kernel's receive buffer. Corresponds to `ioctl(2)` with `FIONREAD`.
  func unreadCount(_ fd: Int32) -> Int

  /// The number of bytes sent but not acknowledged by a TCP peer. Corresponds to `ioctl(2)` with `SIOCOUTQ`.
  func unacknowledgedCount(_ fd: Int32) -> Int

  /// Whether one message can carry several datagrams. Corresponds to `getsockopt(2)` with `UDP_SEGMENT`.
  func canSegment(_ fd: Int32) -> Bool

  /// The peer process of a unix socket; -1 where unknown. Corresponds to `getsockopt(2)` with `SO_PEERCRED`.
  func peerProcess(of fd: Int32) -> Int32

  /// Makes calls on the descriptor block. Corresponds to `fcntl(2)` with `F_SETFL`.
  func makeBlocking(_ fd: Int32) -> Int32

  /// Corresponds to `close(2)`, never repeated: after EINTR the descriptor is closed, too.
  @discardableResult
  func close(_ fd: Int32) -> Int32

  // MARK: Files

  /// The identity of the file at `path`, or of a symbolic link itself; `nil` without a file. Corresponds to `lstat(2)`.
  func identity(ofFileAt path: String) -> FileIdentity?

  /// The working directory; `nil` where unknown. Corresponds to `getcwd(3)`.
  var workingDirectory: String? { get }

  /// Corresponds to `chmod(2)`.
  func setPermissions(ofFileAt path: String, _ mode: UInt32) -> Int32

  /// Corresponds to `unlink(2)`.
  func removeFile(at path: String)

  /// Opens a folder and locks it against others that lock it. Closing the descriptor ends the lock. Corresponds to
  /// `flock(2)`, with a wait of a second at most.
  func lockFolder(at path: String) -> Int32

  /// The number of descriptors that the process may have. Corresponds to `getrlimit(2)` with `RLIMIT_NOFILE`.
  var descriptorLimit: Int { get }

  // MARK: Names and the clock

  /// Resolves a host to addresses. Blocks. Corresponds to `getaddrinfo(3)`.
  func resolve(_ query: NameQuery) throws(NameError) -> [RawAddress]

  /// Resolves a host on another thread, and answers the lookup then.
  func start(_ lookup: Lookup)

  /// The current time of the monotonic clock.
  var now: Poller.Instant { get }

  /// The current time of the clock that programs use.
  var continuousNow: ContinuousClock.Instant { get }
}

// The calls that move bytes of streams.
extension SystemCalls {
  /// Receives bytes of a stream.
  @inline(__always)
  func receiving(_ fd: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
    assert(unsafe fd >= 0 && !buffer.isEmpty, "no byte would mean the end of the stream")
    while true {
      if let transfer = unsafe Transfer(result: receive(fd, into: buffer)) { return transfer }
    }
  }

  /// Sends bytes of a stream, in two segments.
  @inline(__always)
  func sending(_ fd: Int32, _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Transfer {
    assert(unsafe fd >= 0 && !first.isEmpty)
    while true {
      if let transfer = unsafe Transfer(result: send(fd, first, second)) { return transfer }
    }
  }
}

/// The outcome of a call that moves bytes or datagrams.
enum Transfer {
  /// The number of bytes or messages moved. 0 from a receive on a stream is the end of the stream.
  case moved(Int)
  /// Nothing can be moved before the descriptor is ready.
  case wouldBlock
  /// The call failed.
  case failed(Errno)

  /// Converts a result or negated errno. `nil` means that a signal interrupted the call: repeat it.
  @inline(__always)
  init?(result: Int) {
    if result >= 0 {
      self = .moved(result)
      return
    }
    switch Int32(truncatingIfNeeded: -result) {
    case EINTR: return nil
    case EAGAIN, EWOULDBLOCK: self = .wouldBlock
    case let code: self = .failed(Errno(rawValue: code))
    }
  }
}

/// A file's identity: its device, its inode number, and whether it is a socket.
package struct FileIdentity: Equatable, Sendable {
  let device: UInt64
  let number: UInt64
  let isSocket: Bool

  package init(device: UInt64, number: UInt64, isSocket: Bool) {
    self.device = device
    self.number = number
    self.isSocket = isSocket
  }
}

/// A host and a port to resolve. An empty host means all interfaces.
package struct NameQuery: Sendable, Hashable {
  package var host: String
  package var port: UInt16
  /// The address family; `AF_UNSPEC` for both versions of IP.
  package var family: Int32
  var isDatagram: Bool
  /// Whether the addresses are to be listened on, not connected to.
  package var isPassive: Bool
}

/// The failure to resolve a host, with the system's description.
package struct NameError: Error {
  let reason: String

  package init(reason: String) { self.reason = reason }
}
