internal import CGnet

/// A parsed address to listen on or to connect to: `[scheme://]host:port[?reuseport=true]` or `unix://path`.
struct Address: Sendable, Hashable {
  enum Scheme: String, Sendable {
    case tcp, tcp4, tcp6, udp, udp4, udp6, unix

    var isDatagram: Bool { self == .udp || self == .udp4 || self == .udp6 }
    var allowsIPv4: Bool { self != .tcp6 && self != .udp6 }
    var allowsIPv6: Bool { self != .tcp4 && self != .udp4 }
  }

  /// The address as text, as given.
  let text: String
  let scheme: Scheme

  /// The host, empty for all interfaces; an IPv6 address has no brackets here.
  private(set) var host = ""
  private(set) var port: UInt16 = 0

  /// The path of a unix socket, or its name in Linux's abstract namespace behind an `@`.
  private(set) var path = ""

  /// Whether the address is a name in Linux's abstract namespace, and no file.
  var isAbstract: Bool { scheme == .unix && path.hasPrefix("@") }

  /// Whether each loop gets its own socket on this address.
  private(set) var reusePort = false

  /// Parses an address.
  init(_ text: String) throws(ServeError) {
    self.text = text
    var rest = text[...]
    // By bytes: as a character, a slash includes the marks behind it that a host or a path may begin with.
    if let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")), text.utf8[colon...].starts(with: "://".utf8) {
      guard let scheme = Scheme(rawValue: String(text[..<colon])) else { throw .unsupportedScheme(text) }
      self.scheme = scheme
      rest = text[text.utf8.index(colon, offsetBy: 3)...]
    } else {
      scheme = .tcp
    }
    if let zero = text.utf8.firstIndex(of: 0), zero < text.endIndex { throw invalid("it contains a zero byte") }
    if scheme == .unix {
      try parsePath(rest)
    } else {
      try parseHostAndPort(rest)
    }
    assert(scheme == .unix ? host.isEmpty && port == 0 && !reusePort : path.isEmpty)
  }

  private mutating func parsePath(_ rest: Substring) throws(ServeError) {
    assert(scheme == .unix && path.isEmpty)
    let query = rest.divided(at: rest.lastIndex(of: "?")).behind ?? ""
    if query == "reuseport" || query.hasPrefix("reuseport=") && !query.contains("/") {
      throw invalid("a unix socket cannot share its path: leave out reuseport")
    }
    path = String(rest)
    if path.isEmpty { throw invalid("the path of the unix socket is missing") }
    if isAbstract {
      if path == "@" { throw invalid("the name behind @ is missing") }
      if !cgnet_has_abstract_names() {
        throw invalid("this system has no abstract names; a file of the name is \"./\(path)\"")
      }
    }
    let count = path.utf8.count
    if count > RawAddress.maximumPathLength {
      throw invalid("the path is \(count) bytes long, at most \(RawAddress.maximumPathLength) are possible")
    }
    assert(RawAddress(path: path) != nil)
  }

  private mutating func parseHostAndPort(_ rest: Substring) throws(ServeError) {
    assert(scheme != .unix && host.isEmpty)
    let (address, query) = rest.divided(at: rest.firstIndex(of: "?"))
    let (hostPart, portPart) = address.divided(at: address.lastIndex(of: ":"))
    if address.hasPrefix("[") {
      guard let bracket = address.firstIndex(of: "]") else { throw invalid("the closing bracket is missing") }
      host = SocketAddress.unescapingZone(address[..<bracket].dropFirst())
      let behind = address[address.index(after: bracket)...]
      if behind.isEmpty { throw missingPort() }
      guard behind.hasPrefix(":") else { throw invalid("a colon and the port must follow the bracket") }
      guard host.contains(":") else { throw invalid("only an IPv6 address goes in brackets") }
      if !scheme.allowsIPv6 { throw invalid("an IPv6 address with the scheme \(scheme.rawValue)") }
      port = try parsePort(behind.dropFirst())
    } else {
      guard let portPart else { throw missingPort() }
      if hostPart.contains(":") { throw invalid("an IPv6 address must stand in brackets, as in [::1]:9000") }
      host = String(hostPart)
      port = try parsePort(portPart)
    }
    if let query { try parseQuery(query) }
  }

  private func parsePort(_ digits: Substring) throws(ServeError) -> UInt16 {
    if digits.isEmpty { throw missingPort() }
    guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      let port = UInt16(digits)
    else { throw invalid("\"\(digits)\" is not a port: a number from 0 to 65535 is") }
    return port
  }

  private mutating func parseQuery(_ query: Substring) throws(ServeError) {
    var isGiven = false
    for option in query.split(separator: "&", omittingEmptySubsequences: false) {
      let (key, value) = option.divided(at: option.firstIndex(of: "="))
      guard key == "reuseport" else { throw invalid("unknown option \"\(key)\": the only one is reuseport") }
      if isGiven { throw invalid("reuseport is given twice") }
      isGiven = true
      switch value ?? "" {
      case "true", "yes", "1": reusePort = true
      case "false", "no", "0": reusePort = false
      case let value: throw invalid("reuseport is true or false, not \"\(value)\"")
      }
    }
  }

  private func missingPort() -> ServeError { invalid("the port is missing") }

  /// The error for this address, with the reason.
  func invalid(_ reason: String) -> ServeError { .invalidAddress(text, reason: reason) }
}

extension Substring {
  /// The parts before and after the character at `index`; without an index, the whole string and `nil`.
  fileprivate func divided(at index: Index?) -> (before: Substring, behind: Substring?) {
    guard let index else { return (self, nil) }
    return (self[..<index], self[self.index(after: index)...])
  }
}
