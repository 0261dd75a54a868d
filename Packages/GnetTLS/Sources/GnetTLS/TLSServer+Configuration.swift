internal import CGnetTLS

extension TLSServer {
  /// The settings of a server. The defaults suit most.
  public struct Configuration: Sendable {
    /// The oldest version that clients may use.
    public var minimumVersion = TLSVersion.v12

    /// The newest version that is spoken.
    public var maximumVersion = TLSVersion.v13

    /// The protocols that are spoken over TLS, the preferred one first (ALPN, RFC 7301): `h2`, `http/1.1`.
    ///
    /// A client that offers protocols, and none of these, is refused with the alert `no_application_protocol`. A client that
    /// offers none is taken. Without protocols here, those of the client are not looked at.
    public var applicationProtocols: [String] = []

    /// The certificates that clients are asked for.
    public var clientCertificates = ClientCertificates.none

    /// Identities for names that clients ask for, besides the first identity.
    ///
    /// A name is a host name, or `*.` and a host name, in which the asterisk stands for one label: `*.example.org` is for
    /// `www.example.org`, not for `example.org`. An exact name is preferred. A client that asks for an unknown name, or for
    /// none, gets the first identity.
    public var identities: [String: TLSIdentity] = [:]

    /// The time limit of a handshake.
    public var handshakeTimeout: Duration = .seconds(10)

    /// Whether clients may resume their sessions, by tickets that only this value can decrypt.
    ///
    /// Each handshake gives the client one ticket. The key of the tickets changes every twelve hours, and is forgotten after twelve more.
    public var sessionTickets = true

    func check() throws(TLSError) {
      try TLSContext.check(minimumVersion, maximumVersion, handshakeTimeout)
      for name in identities.keys { try Self.check(serverName: name) }
    }

    static func check(serverName name: String) throws(TLSError) {
      let labels = name.hasPrefix("*.") ? name.dropFirst(2) : name[...]
      let isName = !labels.isEmpty && labels.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "*") }
      if !isName { throw TLSError(.invalidConfiguration, "this is no name of a server: \(String(reflecting: name))") }
    }
  }

  /// The certificates that clients are asked for.
  public enum ClientCertificates: Sendable {
    /// None.
    case none

    /// A client may show a certificate; if it does, these must vouch for it.
    case optional(TrustRoots)

    /// A client must show a certificate that these vouch for.
    case required(TrustRoots)

    var roots: TrustRoots? {
      switch self {
      case .none: nil
      case .optional(let roots), .required(let roots): roots
      }
    }

    var verification: ctls_verification {
      switch self {
      case .none: CTLS_NONE
      case .optional(let roots): roots.isAnyone ? CTLS_ANY_IF_GIVEN : CTLS_IF_GIVEN
      case .required(let roots): roots.isAnyone ? CTLS_ANY_REQUIRED : CTLS_REQUIRED
      }
    }
  }
}
