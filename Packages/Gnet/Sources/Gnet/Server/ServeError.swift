public import SystemPackage

/// Why a server could not start, or had to stop.
public enum ServeError: Error, Hashable, CustomStringConvertible {
  /// An address that cannot be understood or does not exist; the address as given, and what is wrong with it.
  case invalidAddress(String, reason: String)

  /// An address of a scheme other than tcp, tcp4, tcp6, udp, udp4, udp6, unix, fd and systemd; the address as given.
  case unsupportedScheme(String)

  /// An option with a value that makes no sense; its name, and what is wrong with it.
  case invalidOptions(String)

  /// A system call failed; its name, the address it was made for if there was one, and the error.
  case system(operation: String, address: String?, Errno)

  /// The error in one line: what failed, on which address, and why.
  public var description: String { text.escapingControls }

  private var text: String {
    switch self {
    case .invalidAddress(let address, let reason):
      "invalid address \"\(address)\": \(reason)"
    case .unsupportedScheme(let address):
      "unsupported scheme in address \"\(address)\": use tcp, tcp4, tcp6, udp, udp4, udp6, unix, fd or systemd"
    case .invalidOptions(let reason):
      "invalid options: \(reason)"
    case .system(let operation, nil, let error):
      "\(operation) failed: \(error)"
    case .system(let operation, let address?, let error):
      "\(operation) failed for address \"\(address)\": \(error)"
    }
  }
}
