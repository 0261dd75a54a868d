internal import CLoad

/// The server to be loaded: `[tcp://]HOST:PORT`, `tls://HOST:PORT`, `udp://HOST:PORT` or `unix://PATH`.
public struct Target: Sendable, CustomStringConvertible {
  /// The address as given, with its scheme.
  public let description: String

  /// Whether it takes datagrams; a stream otherwise.
  public let isDatagram: Bool

  /// Whether connections speak TLS.
  public var isEncrypted: Bool { tls != nil }

  let address: cload_address
  private let tls: TLSSettings?

  /// Reads an address and looks its host up.
  public init(_ text: String) throws(LoadError) {
    var address = cload_address()
    let parts = text.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
    let (scheme, rest) = parts.count == 2 ? (String(parts[0]), parts[1]) : ("tcp", text[...])
    switch scheme {
    case "unix":
      let result = cload_unix_address(String(rest), &address)
      if result < 0 || rest.isEmpty { throw LoadError("\(text): not a path for a unix socket") }
    case "tcp", "tls", "udp":
      guard let colon = rest.lastIndex(of: ":"), let port = UInt16(rest[rest.index(after: colon)...]), port > 0 else {
        throw LoadError("\(text): a port from 1 to 65535 is missing")
      }
      var host = rest[..<colon]
      if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
      if host.isEmpty { throw LoadError("\(text): a host is missing") }
      let type = Platform.socketType(datagrams: scheme == "udp")
      let code = cload_resolve(String(host), port, type, &address)
      if code != 0 { throw LoadError("\(text): \(String(cString: cload_resolve_error(code)))") }
    default:
      throw LoadError("\(text): the scheme is none of tcp, tls, udp and unix")
    }
    self.address = address
    isDatagram = scheme == "udp"
    tls = scheme == "tls" ? try TLSSettings() : nil
    description = "\(scheme)://\(rest)"
  }

  /// A connected socket, on which TLS begins if the server speaks TLS.
  func connect(source: Int32 = 0, resumes: Bool = false) throws(LoadError) -> Stream {
    let fd = withUnsafePointer(to: address) { cload_connect($0, source, 5) }
    if fd < 0 { throw LoadError("connecting to \(self)", fd) }
    return try Stream(fd, tls, resumes: resumes)
  }
}
