/// The address of one end of a connection: an IP address with a port, or a unix socket's path.
public struct SocketAddress: Sendable, Hashable, CustomStringConvertible {
  /// The kind of an address.
  public enum Family: Sendable, Hashable {
    /// IPv4; also an IPv4 peer of a socket that serves both versions.
    case ipv4
    /// IPv6.
    case ipv6
    /// A unix socket.
    case unix
  }

  /// Addresses in host byte order, as small as they get: one is kept per connection.
  enum Storage: Sendable, Hashable {
    case ipv4(address: UInt32, port: UInt16)
    case ipv6(high: UInt64, low: UInt64, scope: UInt32, port: UInt16)
    case unix(path: String)
  }

  let storage: Storage

  init(_ storage: Storage) { self.storage = storage }

  /// The kind of this address.
  public var family: Family {
    switch storage {
    case .ipv4: .ipv4
    case .ipv6: .ipv6
    case .unix: .unix
    }
  }

  /// Whether it stands for all interfaces.
  var isUnspecified: Bool {
    switch storage {
    case .ipv4(address: 0, _), .ipv6(high: 0, low: 0, _, _): true
    default: false
    }
  }

  /// The host in numbers, such as `127.0.0.1` or `::1`; `nil` for a unix socket.
  ///
  /// An IPv6 address of limited scope names its interface behind a percent sign: `fe80::1%eth0`.
  public var host: String? { numericHost }

  /// The port; `nil` for a unix socket.
  public var port: Int? {
    switch storage {
    case .ipv4(_, let port), .ipv6(_, _, _, let port): Int(port)
    case .unix: nil
    }
  }

  /// The path of a unix socket, empty for one without a name; `nil` for an IP address.
  ///
  /// A name in Linux's abstract name space has an `@` in place of its leading zero byte.
  public var path: String? {
    if case .unix(let path) = storage { path } else { nil }
  }

  /// The address as one writes it: `127.0.0.1:9000`, `[::1]:9000`, `unix:/run/x`.
  public var description: String {
    switch storage {
    case .ipv4(_, let port): "\(numericHost ?? ""):\(port)"
    case .ipv6(_, _, _, let port): "[\(numericHost ?? "")]:\(port)"
    case .unix(let path): "unix:\(path)"
    }
  }

  /// A hash of the host without the port, the same in every process (FNV-1a, 64 bits).
  var hostHash: UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func add(_ word: UInt64) {
      for shift in stride(from: UInt64(0), to: 64, by: 8) {
        hash = (hash ^ (word >> shift & 0xff)) &* 0x100_0000_01b3
      }
    }
    switch storage {
    case .ipv4(let address, _):
      add(UInt64(address))
    case .ipv6(let high, let low, _, _):
      add(high)
      add(low)
    case .unix(let path):
      for byte in path.utf8 { add(UInt64(byte)) }
    }
    return hash ^ hash >> 32  // the low bits of a short FNV hash alone spread poorly
  }
}
