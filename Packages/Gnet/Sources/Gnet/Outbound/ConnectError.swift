public import SystemPackage

/// The reason why an outbound connection was not established.
public enum ConnectError: Error, Hashable, CustomStringConvertible {
  /// An address that cannot be understood or connected to; the address as given, and the fault.
  case invalidAddress(String, reason: String)

  /// A host that has no address, or none that could be found out; the address as given.
  case nameNotFound(String)

  /// The time limit passed, `ConnectOptions.timeout`; the address as given.
  case timedOut(String)

  /// A filter has thrown before it was established, or the peer has gone before; the address as given, and the error's
  /// description.
  case filter(String, reason: String)

  /// A system call failed; its name, the address as given, and the error. With several addresses of a host, the error of
  /// the one that was tried last.
  case system(operation: String, address: String, Errno)

  /// The server of the loop has begun to shut down.
  case shutdown

  /// The error of a time limit or of a system call.
  var errno: Errno? {
    switch self {
    case .timedOut: .timedOut
    case .system(_, _, let error): error
    case .invalidAddress, .nameNotFound, .filter, .shutdown: nil
    }
  }

  /// The error in one line: the operation, the address, and the reason.
  public var description: String { text.escapingControls }

  private var text: String {
    switch self {
    case .invalidAddress(let address, let reason): "invalid address \"\(address)\": \(reason)"
    case .nameNotFound(let address): "the host of address \"\(address)\" was not found"
    case .timedOut(let address): "connecting to \"\(address)\" took too long"
    case .filter(let address, let reason): "the filter of the connection to \"\(address)\" failed: \(reason)"
    case .system(let operation, let address, let error): "\(operation) failed for address \"\(address)\": \(error)"
    case .shutdown: "the server is shutting down"
    }
  }
}
