internal import CGnetTLS
public import Gnet
internal import Synchronization

/// The server's side of TLS, for listeners and for connections that change to TLS.
///
/// The same value serves all listeners, loops and connections of a program.
///
/// ```swift
/// let identity = try TLSIdentity(certificateChainFile: "certificate.pem", privateKeyFile: "key.pem")
/// let tls = try TLSServer(identity, applicationProtocols: ["http/1.1"])
/// try serve([Listener("tcp://:8443", service, filter: tls.filter)])
/// ```
public final class TLSServer: Sendable {
  private let configuration: Configuration
  private let protocols: ProtocolNames
  private let tickets: TicketKeys?
  /// A context that trusts the authorities of clients, which were read once.
  private let trust: TLSContext
  private let identities: Mutex<Identities>
  /// The context of new connections. Loops wait for no longer than a replacement of the reference takes.
  private let current: Mutex<TLSContext>
  private let counters = HandshakeCounters("server")

  /// The identities in use.
  private struct Identities {
    var first: TLSIdentity
    var named: [String: TLSIdentity]
  }

  /// Creates a server's side of TLS.
  ///
  /// - Parameters:
  ///   - identity: the certificate that clients get to see, unless they ask for a name among
  ///     ``Configuration/identities``.
  ///   - minimumVersion: ``Configuration/minimumVersion``.
  ///   - applicationProtocols: ``Configuration/applicationProtocols``.
  ///   - clientCertificates: ``Configuration/clientCertificates``.
  ///   - configure: sets the options that are to differ from the defaults.
  public init(
    _ identity: TLSIdentity, minimumVersion: TLSVersion = .v12, applicationProtocols: [String] = [],
    clientCertificates: ClientCertificates = .none, _ configure: (inout Configuration) -> Void = { _ in }
  ) throws(TLSError) {
    var configuration = Configuration()
    configuration.minimumVersion = minimumVersion
    configuration.applicationProtocols = applicationProtocols
    configuration.clientCertificates = clientCertificates
    configure(&configuration)
    try configuration.check()
    self.configuration = configuration
    protocols = try ProtocolNames(configuration.applicationProtocols)
    tickets = configuration.sessionTickets ? TicketKeys() : nil
    trust = TLSContext(isServer: true, configuration.minimumVersion, configuration.maximumVersion)
    try configuration.clientCertificates.roots?.add(to: trust)
    identities = Mutex(Identities(first: identity, named: configuration.identities))
    let maker = ContextMaker(configuration: configuration, protocols: protocols, tickets: tickets, trust: trust)
    current = Mutex(maker.context(identity, configuration.identities))
  }

  /// Makes the filter of a connection: for `Listener.init(_:_:filter:)`, or for `Connection.addFilter(_:)`.
  public var filter: ConnectionFilter.Factory { { [self] _ in makeFilter() } }

  /// The handshakes so far.
  public var statistics: TLSStatistics { counters.statistics }

  /// Replaces the identity, on any thread. New connections get the new one; no connection is cut.
  public func replace(_ identity: TLSIdentity) { replace { $0.first = identity } }

  /// Replaces the identity for a name, or adds one, on any thread. New connections get the new one; no connection is cut.
  ///
  /// - Parameters:
  ///   - identity: the identity for clients that ask for the name.
  ///   - name: a name as in ``Configuration/identities``.
  public func replace(_ identity: TLSIdentity, forServerName name: String) throws(TLSError) {
    try Configuration.check(serverName: name)
    replace { $0.named[name] = identity }
  }

  private func replace(_ change: (inout Identities) -> Void) {
    let maker = ContextMaker(configuration: configuration, protocols: protocols, tickets: tickets, trust: trust)
    identities.withLock { identities in
      change(&identities)
      let context = maker.context(identities.first, identities.named)
      current.withLock { $0 = context }
    }
  }

  func makeFilter() -> TLSFilter {
    let context = current.withLock { $0 }
    return TLSFilter(serverOf: context, counters, handshakeTimeout: configuration.handshakeTimeout)
  }

  /// Replaces the key of session tickets before its time.
  func rotateTicketKeys() { tickets?.rotate() }
}

/// Makes the contexts of a server.
private struct ContextMaker {
  let configuration: TLSServer.Configuration
  let protocols: ProtocolNames
  let tickets: TicketKeys?
  let trust: TLSContext

  func context(_ first: TLSIdentity, _ named: [String: TLSIdentity]) -> TLSContext {
    let context = context(first)
    for (name, identity) in named { context.add(self.context(identity), for: name) }
    return context
  }

  private func context(_ identity: TLSIdentity) -> TLSContext {
    let context = TLSContext(isServer: true, configuration.minimumVersion, configuration.maximumVersion)
    do {
      try context.use(identity)
    } catch {
      // An identity was tried in such a context when it was made.
      fatalError("GnetTLS: \(error)")
    }
    context.shareTrust(of: trust)
    context.use(protocols)
    if let tickets { context.use(tickets) }
    context.set(configuration.clientCertificates.verification)
    return context
  }
}
