internal import CGnet
internal import Poller
internal import SystemPackage

/// The calls that Gnet makes to the outside but for waiting: sockets, files, names, threads and the clock.
///
/// The requirements are raw: a call returns what the system call returns, or the negated errno, once and without a
/// second try. `SystemCalls+Typed.swift` settles interruptions and makes results of them, for every system alike.
///
/// A system is shared by the threads of a server. A loop calls it by a generic parameter, which costs no dynamic
/// dispatch; rare calls from elsewhere go through `any SystemCalls`.
protocol SystemCalls: AnyObject, Sendable {
  // MARK: Streams

  /// Corresponds to `recv(2)`.
  func receive(_ fd: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Int

  /// Corresponds to `send(2)`, or to `sendmsg(2)` where the second segment has bytes.
  func send(_ fd: Int32, _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Int

  /// Corresponds to `shutdown(2)` with `SHUT_WR`.
  func endOutput(of fd: Int32) -> Int32

  // MARK: Datagrams

  /// Corresponds to `recvmmsg(2)`, or to `recvmsg(2)` as often as it takes.
  func receiveDatagrams(_ fd: Int32, into buffers: OpaquePointer) -> Int32

  /// Corresponds to `sendmmsg(2)`, or to `sendto(2)` as often as it takes.
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

  /// The pending error of a socket, which the call clears; 0 for none. Corresponds to `getsockopt(2)` with `SO_ERROR`.
  func takeError(of fd: Int32) -> Int32

  /// The bytes that have arrived and were not received. Corresponds to `ioctl(2)` with `FIONREAD`.
  func unreadCount(_ fd: Int32) -> Int

  /// The bytes sent that a TCP peer has not acknowledged. Corresponds to `ioctl(2)` with `SIOCOUTQ`.
  func unacknowledgedCount(_ fd: Int32) -> Int

  /// Whether datagrams can be sent merged. Corresponds to `getsockopt(2)` with `UDP_SEGMENT`.
  func canSegment(_ fd: Int32) -> Bool

  /// The process at the other end of a unix socket; -1 where it is not known.
  func peerProcess(of fd: Int32) -> Int32

  /// Makes calls on the descriptor block again. Corresponds to `fcntl(2)` with `F_SETFL`.
  func makeBlocking(_ fd: Int32) -> Int32

  /// Corresponds to `close(2)`, not repeated after EINTR: the descriptor is gone then as well.
  @discardableResult
  func close(_ fd: Int32) -> Int32

  // MARK: Files

  /// What is at `path`, a link not followed; `nil` if nothing is. Corresponds to `lstat(2)`.
  func identity(ofFileAt path: String) -> FileIdentity?

  /// The working directory; `nil` where it cannot be told. Corresponds to `getcwd(3)`.
  var workingDirectory: String? { get }

  /// Corresponds to `chmod(2)`.
  func setPermissions(ofFileAt path: String, _ mode: UInt32) -> Int32

  /// Corresponds to `unlink(2)`.
  func removeFile(at path: String)

  // MARK: Names, threads and the clock

  /// The addresses that a host stands for, for a socket that will listen on them. Corresponds to `getaddrinfo(3)`.
  func resolve(_ query: NameQuery) throws(NameError) -> [RawAddress]

  /// Starts a thread. Corresponds to `pthread_create(3)`; throws the errno.
  func startThread(name: String, _ body: @escaping @Sendable () -> Void) throws(Errno) -> Thread

  /// The present moment of the monotonic clock.
  var now: Poller.Instant { get }
}

/// A file's identity: its device, its number there, and its kind.
struct FileIdentity: Equatable, Sendable {
  let device: UInt64
  let number: UInt64
  let isSocket: Bool
}

/// A host to be resolved, empty for all interfaces.
struct NameQuery: Sendable {
  var host: String
  var port: UInt16
  /// The family of the addresses asked for; `AF_UNSPEC` for both versions of IP.
  var family: Int32
  var isDatagram: Bool
}

/// The reason why a host cannot be resolved, in the system's words.
struct NameError: Error {
  let reason: String
}
