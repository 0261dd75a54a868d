import RingBuffer

@testable import Gnet

extension FuzzTarget {
  static func addresses(_ choices: inout Choices) {
    let text = String(decoding: choices.rest, as: UTF8.self)
    if let address = SocketAddress(text) {
      expect(!text.utf8.contains(0), "an address has a zero byte: \(text.debugDescription)")
      address.expectRoundTrips()
    }
    if let address = try? Address(text) { address.expectRoundTrip() }
    if let target = try? Address(connectingTo: text) {
      expect(target.scheme == .unix || target.port > 0, "port 0 is connected to: \(text.debugDescription)")
      if let numeric = try? target.numeric() { numeric.expectRoundTrips() }
    }
    if let range = AddressRange(text), let base = SocketAddress(numericHost: text.hostOfRange, port: 0) {
      expect(range.contains(base), "a network is without its own address: \(text.debugDescription)")
    }
  }
}

extension String {
  fileprivate var hostOfRange: String { String(prefix { $0 != "/" }) }
}

extension SocketAddress {
  /// The address as text, and in the form of system calls, is the same address.
  fileprivate func expectRoundTrips() {
    expectEqual(SocketAddress(description), self, "\(description) is parsed as another address")
    for isIPv6 in family == .ipv4 ? [false, true] : [true] {
      let raw = RawAddress(self, isIPv6: isIPv6)
      expectEqual(SocketAddress(raw.storage, length: raw.length), self, "the system gets another address")
    }
  }
}

extension Address {
  /// The parts, written as an address, are parsed to the same parts.
  fileprivate func expectRoundTrip() {
    do {
      let other = try Address(canonicalText)
      let isSame =
        (other.scheme, other.host, other.port, other.path) == (scheme, host, port, path) && other.reusePort == reusePort
      expect(isSame, "\(text.debugDescription) is another address as \(canonicalText.debugDescription)")
    } catch {
      fatalError("\(text.debugDescription) is no address as \(canonicalText.debugDescription): \(error)")
    }
  }

  private var canonicalText: String {
    if scheme == .unix { return "unix://\(path)" }
    return "\(scheme)://\(host.contains(":") ? "[\(escapedHost)]" : host):\(port)\(reusePort ? "?reuseport=true" : "")"
  }

  /// The host with its zone as in a URL: a number stays as it is.
  private var escapedHost: String {
    guard let percent = host.firstIndex(of: "%") else { return host }
    let zone = host[host.index(after: percent)...]
    return zone.isEmpty || UInt32(zone) != nil ? host : "\(host[..<percent])%25\(zone)"
  }
}
