package import CGnet

/// A socket address in the form of system calls: a `sockaddr` of any family, and its length.
package struct RawAddress {
  package var storage = sockaddr_storage()
  package var length = socklen_t(MemoryLayout<sockaddr_storage>.size)

  package init() {}

  init(copying source: UnsafePointer<sockaddr>, length: socklen_t) {
    unsafe withUnsafeMutableBytes(of: &storage) {
      unsafe $0.copyMemory(from: UnsafeRawBufferPointer(start: source, count: min(Int(length), $0.count)))
    }
    self.length = length
  }

  /// The address of a unix socket; `nil` if the path is too long. A path that begins with `@` is a name in the abstract
  /// namespace, where the system has one: a zero byte takes the place of the `@`, and the length ends the name.
  package init?(path: String) {
    guard path.utf8.count <= Self.maximumPathLength else { return nil }
    storage.ss_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &storage) {
      unsafe UnsafeMutableRawBufferPointer(rebasing: $0[Self.pathOffset...]).copyBytes(from: path.utf8)
    }
    let isAbstract = path.utf8.count > 1 && path.hasPrefix("@") && cgnet_has_abstract_names()
    if isAbstract {
      unsafe withUnsafeMutableBytes(of: &storage) {
        unsafe $0.storeBytes(of: 0, toByteOffset: Self.pathOffset, as: UInt8.self)
      }
    }
    setLength(Self.pathOffset + path.utf8.count + (isAbstract ? 0 : 1))
    assert(family == AF_UNIX && length <= MemoryLayout<sockaddr_un>.size)
  }

  /// An address for an IPv4 or IPv6 socket: for an IPv6 socket, IPv4 addresses are mapped to IPv6.
  package init(_ address: SocketAddress, isIPv6: Bool) {
    if case .unix(let path) = address.storage {
      self = RawAddress(path: path) ?? RawAddress()
    } else {
      assert(isIPv6 || address.family == .ipv4, "an IPv6 address for a socket of IPv4")
      let (internet, count) = sockaddr_in6.holding(address, isIPv6: isIPv6)
      unsafe withUnsafeMutableBytes(of: &storage) { unsafe $0.storeBytes(of: internet, as: sockaddr_in6.self) }
      setLength(count)
      assert(family == (isIPv6 ? AF_INET6 : AF_INET))
    }
  }

  /// The address family, such as `AF_INET`.
  package var family: Int32 { Int32(storage.ss_family) }

  private mutating func setLength(_ count: Int) {
    assert(0...MemoryLayout<sockaddr_storage>.size ~= count)
    length = socklen_t(count)
    unsafe cgnet_set_length(&storage, length)
  }

  /// The offset of the path in a `sockaddr_un`.
  static let pathOffset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path)!

  /// The length in bytes of the longest path for a `sockaddr_un`, without the terminating zero.
  static let maximumPathLength = MemoryLayout<sockaddr_un>.size - pathOffset - 1
}

extension sockaddr_in6 {
  /// An address and its length. For an IPv4 socket the value holds a `sockaddr_in`, followed by zeros.
  @inline(__always)
  static func holding(_ address: SocketAddress, isIPv6: Bool) -> (sockaddr_in6, byteCount: Int) {
    switch address.storage {
    case .ipv4(let host, let port) where isIPv6:
      return (sockaddr_in6(high: 0, low: 0xffff_0000_0000 | UInt64(host), scope: 0, port: port), Self.byteCount)
    case .ipv4(let host, let port):
      var holder = sockaddr_in6()
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      address.sin_addr.s_addr = host.bigEndian
      unsafe withUnsafeMutableBytes(of: &holder) { unsafe $0.storeBytes(of: address, as: sockaddr_in.self) }
      return (holder, MemoryLayout<sockaddr_in>.size)
    case .ipv6(let high, let low, let scope, let port):
      return (sockaddr_in6(high: high, low: low, scope: scope, port: port), Self.byteCount)
    case .unix(let path):
      assert(path.isEmpty, "a datagram to a path")
      return (sockaddr_in6(), 0)
    }
  }

  private static var byteCount: Int { MemoryLayout<sockaddr_in6>.size }

  @inline(__always)
  private init(high: UInt64, low: UInt64, scope: UInt32, port: UInt16) {
    self.init()
    sin6_family = sa_family_t(AF_INET6)
    sin6_port = port.bigEndian
    sin6_scope_id = scope
    unsafe withUnsafeMutableBytes(of: &sin6_addr) {
      unsafe $0.storeBytes(of: high.bigEndian, toByteOffset: 0, as: UInt64.self)
      unsafe $0.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
    }
  }
}

extension cgnet_ends {
  /// The ends of a datagram to be sent to `peer` from `local`.
  @inline(__always)
  package init(peer: SocketAddress, isIPv6: Bool, local: cgnet_local) {
    let (internet, count) = sockaddr_in6.holding(peer, isIPv6: isIPv6)
    self.init(peer: internet, peer_length: socklen_t(count), local: local)
  }
}

extension SocketAddress {
  /// The address of a datagram's peer.
  @inline(__always)
  package init(peerOf ends: cgnet_ends) {
    let port = UInt16(bigEndian: ends.peer.sin6_port)  // at the same offset in a sockaddr_in
    switch Int32(ends.peer.sin6_family) {
    case AF_INET6:
      self.init(ends.peer.sin6_addr, scope: ends.peer.sin6_scope_id, port: port)
    case AF_INET:
      let host = unsafe withUnsafeBytes(of: ends.peer) { unsafe $0.load(as: sockaddr_in.self).sin_addr.s_addr }
      self.init(.ipv4(address: UInt32(bigEndian: host), port: port))
    default:
      self.init(.unix(path: ""))
    }
  }

  /// Converts an address from the kernel. A family other than IPv4, IPv6 and unix becomes an unnamed unix address.
  package init(_ storage: sockaddr_storage, length: socklen_t) {
    let family = length == 0 ? AF_UNIX : Int32(storage.ss_family)  // macOS reports length 0 for an unnamed peer
    self = unsafe withUnsafePointer(to: storage) {
      unsafe SocketAddress(family: family, at: $0, byteCount: Int(length))
    }
  }

  @inline(__always)
  private init(family: Int32, at place: UnsafeRawPointer, byteCount: Int) {
    if family == AF_INET, byteCount >= MemoryLayout<sockaddr_in>.size {
      let address = unsafe place.loadUnaligned(as: sockaddr_in.self)
      self.init(.ipv4(address: UInt32(bigEndian: address.sin_addr.s_addr), port: UInt16(bigEndian: address.sin_port)))
    } else if family == AF_INET6, byteCount >= MemoryLayout<sockaddr_in6>.size {
      let address = unsafe place.loadUnaligned(as: sockaddr_in6.self)
      self.init(address.sin6_addr, scope: address.sin6_scope_id, port: UInt16(bigEndian: address.sin6_port))
    } else {
      unsafe self.init(unixIn: UnsafeRawBufferPointer(start: place, count: byteCount), family)
    }
  }

  /// Converts the address of a unix socket.
  @inline(never)
  private init(unixIn bytes: UnsafeRawBufferPointer, _ family: Int32) {
    let name = unsafe bytes.dropFirst(RawAddress.pathOffset)
    let isAbstract = unsafe name.first == 0 && name.count > 1 && family == AF_UNIX
    let text = unsafe isAbstract ? name.dropFirst() : name.prefix { $0 != 0 }
    self.init(.unix(path: unsafe (isAbstract ? "@" : "") + String(decoding: text, as: UTF8.self)))
  }

  /// An IPv6 address, or the IPv4 address in an IPv4-mapped IPv6 address.
  package init(_ address: in6_addr, scope: UInt32, port: UInt16) {
    let (high, low) = unsafe withUnsafeBytes(of: address) {
      unsafe (
        UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)),
        UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
      )
    }
    let isMapped = high == 0 && low >> 32 == 0xffff
    self.init(
      isMapped
        ? .ipv4(address: UInt32(truncatingIfNeeded: low), port: port)
        : .ipv6(high: high, low: low, scope: scope, port: port))
  }

  /// The host in numeric form; `nil` for a unix socket. Corresponds to `inet_ntop(3)`.
  var numericHost: String? {
    switch storage {
    case .unix:
      return nil
    case .ipv4(let address, _):
      var bytes = in_addr(s_addr: address.bigEndian)
      return unsafe Self.text(AF_INET, &bytes)
    case .ipv6(let high, let low, let scope, _):
      var bytes = (high.bigEndian, low.bigEndian)
      let host = unsafe Self.text(AF_INET6, &bytes)
      return scope == 0 ? host : "\(host)%\(Self.interfaceName(scope))"
    }
  }

  private static func text(_ family: Int32, _ bytes: UnsafeRawPointer) -> String {
    unsafe String(unsafeUninitializedCapacity: Int(INET6_ADDRSTRLEN)) { buffer in
      unsafe buffer.withMemoryRebound(to: CChar.self) {
        unsafe inet_ntop(family, bytes, $0.baseAddress!, socklen_t($0.count)) == nil ? 0 : strlen($0.baseAddress!)
      }
    }
  }

  private static func interfaceName(_ scope: UInt32) -> String {
    let name = unsafe String(unsafeUninitializedCapacity: Int(IF_NAMESIZE)) { buffer in
      unsafe buffer.withMemoryRebound(to: CChar.self) {
        unsafe if_indextoname(scope, $0.baseAddress!) == nil ? 0 : strlen($0.baseAddress!)
      }
    }
    return name.isEmpty ? String(scope) : name
  }
}
