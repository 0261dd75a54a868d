internal import SystemPackage

/// A socket that is bound to one of a server's addresses, and listening if it is a stream socket.
///
/// Dropping it closes it and removes the file of a unix socket, if that is still the one it made.
final class BoundSocket: Sendable {
  /// Which of the addresses given to `serve`, counted from 0.
  let addressIndex: Int
  /// The address as bound, with its real port.
  let address: SocketAddress
  let isDatagram: Bool
  /// Whether the socket is one of IPv6; it may have peers of IPv4 then as well.
  let isIPv6: Bool
  private let socket: OwnedSocket
  private let file: UnixSocketFile?

  var fd: Int32 { socket.fd }

  init(
    _ socket: consuming OwnedSocket, address: SocketAddress, addressIndex: Int, isDatagram: Bool,
    isIPv6: Bool, file: UnixSocketFile? = nil
  ) {
    self.socket = socket
    self.address = address
    self.addressIndex = addressIndex
    self.isDatagram = isDatagram
    self.isIPv6 = isIPv6
    self.file = file
  }

  deinit { file?.removeIfUnchanged() }
}

/// The file that binding a unix socket made.
struct UnixSocketFile: Sendable {
  /// Absolute where the working directory is known: the program may have changed it by the time of the removal.
  let path: String
  private let identity: FileIdentity?
  private let system: any SystemCalls

  init(path: String, _ system: any SystemCalls) {
    let directory = path.hasPrefix("/") ? nil : system.workingDirectory
    self.path = directory.map { "\($0)/\(path)" } ?? path
    self.system = system
    identity = system.identity(ofFileAt: path)
  }

  /// Removes the file, unless another has been put in its place.
  func removeIfUnchanged() {
    guard let identity, identity == system.identity(ofFileAt: path) else { return }
    system.removeFile(at: path)
  }
}
