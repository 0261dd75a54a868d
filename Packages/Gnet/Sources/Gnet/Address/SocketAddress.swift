/// The address of one end of a connection: an IP address with a port, or a unix socket's path.
public struct SocketAddress: Sendable, Hashable, CustomStringConvertible {
  /// The family of an address.
  public enum Family: Sendable, Hashable {
    /// IPv4, also for an IPv4 peer of a socket for both versions of IP.
    case ipv4
    /// IPv6.
    case ipv6
    /// A unix socket.
    case unix
  }

  /// An address in host byte order. Small, because every connection stores an address.
  enum Storage: Sendable, Hashable {
    case ipv4(address: UInt32, port: UInt16)
    case ipv6(high: UInt64, low: UInt64, scope: UInt32, port: UInt16)
    case unix(path: String)
  }

  let storage: Storage

  init(_ storage: Storage) { self.storage = storage }

  /// The family of this address.
  public var family: Family {
    switch storage {
    case .ipv4: .ipv4
    case .ipv6: .ipv6
    case .unix: .unix
    }
  }

  /// Whether the address means all interfaces.
  package var isUnspecified: Bool {
    switch storage {
    case .ipv4(address: 0, _), .ipv6(high: 0, low: 0, _, _): true
    default: false
    }
  }

  /// The address with the port of another address; a unix address stays as it is.
  package func withPort(of other: SocketAddress) -> SocketAddress {
    assert(family == .unix || other.family != .unix, "a path has no port")
    let port = UInt16(other.port ?? 0)
    return switch storage {
    case .ipv4(let address, _): SocketAddress(.ipv4(address: address, port: port))
    case .ipv6(let high, let low, let scope, _): SocketAddress(.ipv6(high: high, low: low, scope: scope, port: port))
    case .unix: self
    }
  }

  /// The host in numeric form, such as `127.0.0.1` or `::1`; `nil` for a unix socket.
  ///
  /// An IPv6 address with a scope has the name of the interface after a percent sign: `fe80::1%eth0`.
  public var host: String? { numericHost }

  /// The port; `nil` for a unix socket.
  public var port: Int? {
    switch storage {
    case .ipv4(_, let port), .ipv6(_, _, _, let port): Int(port)
    case .unix: nil
    }
  }

  /// The path of a unix socket, empty for an unnamed socket; `nil` for an IP address.
  ///
  /// A name in Linux's abstract namespace begins with `@` instead of a zero byte.
  public var path: String? {
    if case .unix(let path) = storage { path } else { nil }
  }

  /// The address in the usual notation: `127.0.0.1:9000`, `[::1]:9000`, `unix:/run/x`.
  public var description: String {
    switch storage {
    case .ipv4(_, let port): "\(numericHost ?? ""):\(port)"
    case .ipv6(_, _, _, let port): "[\(numericHost ?? "")]:\(port)"
    case .unix(let path): "unix:\(path)"
    }
  }

  /// A hash of the host without the port, equal in all processes.
  ///
  /// Source: the FNV-1a hash of 64 bits by G. Fowler, L. C. Noll and K.-P. Vo.
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
    return hash ^ hash >> 32  // the low bits of a short FNV hash are poorly distributed
  }
}
