internal import CGnetTLS
public import Gnet

/// The client's side of TLS, for outbound connections.
///
/// The same value serves all connections of a program that trust the same authorities. Sessions are kept, and later
/// connections to the same server resume them.
///
/// ```swift
/// let tls = try TLSClient()
/// var options = ConnectOptions()
/// options.filter = tls.filter
/// server.connect(to: "tcp://example.org:443", options: options, service)
/// ```
public final class TLSClient: Sendable {
  private let context: TLSContext
  private let configuration: Configuration
  private let sessions: SessionCache?
  private let counters = HandshakeCounters("client")

  /// The settings of a client. The defaults suit most.
  public struct Configuration: Sendable {
    /// The certificates that vouch for servers.
    public var trust = TrustRoots.system

    /// The certificate that is shown to servers that ask for one.
    public var identity: TLSIdentity?

    /// The oldest version that servers may use.
    public var minimumVersion = TLSVersion.v12

    /// The newest version that is spoken.
    public var maximumVersion = TLSVersion.v13

    /// The protocols that are offered to servers, the preferred one first (ALPN, RFC 7301).
    public var applicationProtocols: [String] = []

    /// The host that must be in the server's certificate, and that the server is asked for: a host name, or a numeric address.
    /// `nil` for the host that the connection goes to.
    public var serverName: String?

    /// The time limit of a handshake on a connection that is open already. For a new connection `ConnectOptions.timeout`
    /// counts, which includes the handshake.
    public var handshakeTimeout: Duration = .seconds(10)

    /// Whether sessions are kept and resumed.
    public var resumesSessions = true
  }

  /// Creates a client's side of TLS.
  ///
  /// - Parameters:
  ///   - trust: ``Configuration/trust``.
  ///   - identity: ``Configuration/identity``.
  ///   - minimumVersion: ``Configuration/minimumVersion``.
  ///   - applicationProtocols: ``Configuration/applicationProtocols``.
  ///   - serverName: ``Configuration/serverName``.
  ///   - configure: sets the options that are to differ from the defaults.
  public init(
    trust: TrustRoots = .system, identity: TLSIdentity? = nil, minimumVersion: TLSVersion = .v12,
    applicationProtocols: [String] = [], serverName: String? = nil,
    _ configure: (inout Configuration) -> Void = { _ in }
  ) throws(TLSError) {
    var configuration = Configuration()
    configuration.trust = trust
    configuration.identity = identity
    configuration.minimumVersion = minimumVersion
    configuration.applicationProtocols = applicationProtocols
    configuration.serverName = serverName
    configure(&configuration)
    self.configuration = configuration
    try TLSContext.check(
      configuration.minimumVersion, configuration.maximumVersion, configuration.handshakeTimeout)
    context = TLSContext(isServer: false, configuration.minimumVersion, configuration.maximumVersion)
    sessions = configuration.resumesSessions ? SessionCache() : nil
    try configuration.trust.add(to: context)
    if let identity = configuration.identity { try context.use(identity) }
    context.use(try ProtocolNames(configuration.applicationProtocols))
    context.set(configuration.trust.isAnyone ? CTLS_NONE : CTLS_REQUIRED)
  }

  /// Makes the filter of a connection: for `ConnectOptions.filter`, or for `Connection.addFilter(_:)`.
  public var filter: ConnectionFilter.Factory {
    { [self] context in
      let isPath = context.remoteAddress.path != nil
      return try makeFilter(host: isPath ? nil : context.requestedName, port: context.remoteAddress.port)
    }
  }

  /// The handshakes so far.
  public var statistics: TLSStatistics { counters.statistics }

  /// Makes the filter of a connection to a host.
  func makeFilter(host requested: String?, port: Int?) throws(TLSError) -> TLSFilter {
    let host = try (configuration.serverName ?? requested).map(Self.bareHost)
    if host == nil && !configuration.trust.isAnyone {
      throw TLSError(.invalidConfiguration, "no host is known that the certificate could be of: set serverName")
    }
    let cached = sessions.map { CachedSessions(cache: $0, key: "\(host ?? "") \(port ?? 0)") }
    return try TLSFilter(
      clientOf: context, counters, host: host, isVerified: !configuration.trust.isAnyone, sessions: cached,
      handshakeTimeout: configuration.handshakeTimeout)
  }

  /// A host as it is in certificates: without brackets, the zone of an address, and a dot at the end.
  ///
  /// OpenSSL would take an empty name for no demand, and a leading dot for all hosts of a domain.
  private static func bareHost(_ host: String) throws(TLSError) -> String {
    var bare = host[...]
    if bare.hasPrefix("["), bare.hasSuffix("]") { bare = bare.dropFirst().dropLast() }
    if bare.contains(":"), let zone = bare.firstIndex(of: "%") { bare = bare[..<zone] }
    if bare.hasSuffix(".") { bare = bare.dropLast() }
    guard !bare.isEmpty, !bare.hasPrefix("."), bare.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
      throw TLSError(.invalidConfiguration, "no certificate can be of this host: \(String(reflecting: host))")
    }
    return String(bare)
  }
}
