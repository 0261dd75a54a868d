internal import Synchronization
internal import SystemPackage

/// A socket bound to one of a server's addresses; a stream socket also listens.
///
/// Dropping it closes the socket. The file of a unix socket is removed too, unless another process answers for it or another
/// file has taken its place.
final class BoundSocket: Sendable {
  /// The index of the address in the list given to `serve`.
  let addressIndex: Int
  /// The address as bound, with its real port.
  let address: SocketAddress
  let isDatagram: Bool
  /// Whether the socket is an IPv6 socket. An IPv6 socket may also have IPv4 peers.
  let isIPv6: Bool
  /// The length of the queue of connections that was asked for; 0 for datagrams.
  let backlog: Int32
  private let socket: OwnedSocket
  /// The file of a unix socket that this process or a predecessor has bound.
  let file: UnixSocketFile?

  var fd: Int32 { socket.fd }

  init(
    _ socket: consuming OwnedSocket, address: SocketAddress, addressIndex: Int, isDatagram: Bool,
    isIPv6: Bool, backlog: Int32, file: UnixSocketFile? = nil
  ) {
    assert(address.family != .ipv6 || isIPv6, "an IPv6 address at a socket of IPv4")
    assert(!isDatagram || backlog == 0 && file == nil)
    assert(file == nil || address.family == .unix)
    self.socket = socket
    self.address = address
    self.addressIndex = addressIndex
    self.isDatagram = isDatagram
    self.isIPv6 = isIPv6
    self.backlog = backlog
    self.file = file
  }

  deinit { file?.removeIfUnchanged() }
}

/// The file of a bound unix socket.
///
/// Several processes may have the socket, one after the other or for a while at once. One of them answers for the file, and
/// removes it.
final class UnixSocketFile: Sendable {
  /// The absolute path if the working directory is known: the program may change directories before the removal.
  let path: String
  let identity: FileIdentity?
  private let system: any SystemCalls
  private let owned: Atomic<Bool>

  /// The file of a socket that this process has bound.
  init(path: String, _ system: any SystemCalls) {
    let directory = path.hasPrefix("/") ? nil : system.workingDirectory
    self.path = directory.map { "\($0)/\(path)" } ?? path
    self.system = system
    identity = system.identity(ofFileAt: path)
    owned = Atomic(true)
  }

  /// The file of a socket that another process has bound and still answers for.
  init(path: String, identity: FileIdentity, _ system: any SystemCalls) {
    self.path = path
    self.identity = identity
    self.system = system
    owned = Atomic(false)
  }

  /// The state of the path.
  enum Condition {
    case inPlace
    /// There is no file.
    case gone
    /// Another file has taken the place.
    case replaced
  }

  var condition: Condition {
    guard let found = system.identity(ofFileAt: path) else { return .gone }
    return found == identity ? .inPlace : .replaced
  }

  /// Whether this process answers for the file.
  var isOwned: Bool { owned.load(ordering: .relaxed) }

  /// Has this process answer for the file, or another one.
  func setOwned(_ isOurs: Bool) { owned.store(isOurs, ordering: .relaxed) }

  /// Removes the file, unless another process answers for it or another file has taken its place.
  func removeIfUnchanged() {
    guard isOwned, condition == .inPlace else { return }
    system.removeFile(at: path)
  }
}
