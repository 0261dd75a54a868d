import Gnet
import GnetTesting

/// The layers below the protocol of a workload: headers of the PROXY protocol, filters, upgrades.
// Unchecked: a simulation stays on one thread.
final class WireLayers: @unchecked Sendable {
  /// The first bytes of a connection: a header of the PROXY protocol.
  struct Opening {
    let bytes: [UInt8]
    /// The address of the peer that it tells; `nil` where it tells none.
    let source: SocketAddress?
    let isUnacceptable: Bool
  }

  private enum Filter { case none, masking, framing }
  private enum Header { case off, optional, required, untrusted }

  let ledger: Ledger
  /// Whether peers may ask for another filter in the middle of the stream.
  let upgrades: Bool
  /// Whether filters fail and peers break rules now and then.
  var isFaulty = true
  private let filter: Filter
  private let header: Header
  private let handshakeTimeout: Duration
  private let isHandshakeShort: Bool

  /// No layers at all.
  static func none(_ ledger: Ledger) -> WireLayers {
    WireLayers(ledger, .none, .off, upgrades: false)
  }

  /// A filter alone, or none; nothing breaks rules.
  static func drawFilter(_ ledger: Ledger) -> WireLayers {
    let layers = WireLayers(ledger, ledger.element(of: [.none, .masking, .framing, .framing]), .off, upgrades: false)
    layers.isFaulty = false
    return layers
  }

  /// Layers of all kinds.
  static func draw(_ ledger: Ledger) -> WireLayers {
    WireLayers(
      ledger, ledger.element(of: [.none, .masking, .framing, .framing]),
      ledger.element(of: [.off, .off, .optional, .required, .required, .untrusted]), upgrades: ledger.happens(0.5))
  }

  private init(_ ledger: Ledger, _ filter: Filter, _ header: Header, upgrades: Bool) {
    self.ledger = ledger
    self.filter = filter
    self.header = header
    self.upgrades = upgrades
    handshakeTimeout = filter == .none ? .zero : ledger.element(of: [.milliseconds(100), .seconds(10), .seconds(10)])
    isHandshakeShort = ledger.happens(0.5)
  }

  /// Whether a connection is not opened before the peer has sent something.
  var isHeaderAwaited: Bool { header != .off }

  /// Whether a handshake has all the time that it needs.
  var isPatient: Bool { handshakeTimeout >= .seconds(10) }

  /// Whether filters send more than they are given.
  var canAddBytes: Bool { filter == .framing || upgrades }

  // MARK: The server's side

  func listener(_ address: String, _ service: Service, backlog: Int = 128) -> Listener {
    var listener = Listener(address, service, filter: serverFilter, backlog: backlog)
    switch header {
    case .off: break
    case .optional: listener.proxyProtocol = .optional
    case .required: listener.proxyProtocol = .required.trusting("127.0.0.0/8", "10.0.0.0/8", "::1", "fd00::/16")
    case .untrusted: listener.proxyProtocol = .required.trusting("203.0.113.0/24")
    }
    return listener
  }

  private var serverFilter: ConnectionFilter.Factory? {
    switch filter {
    case .none: nil
    case .masking: { _ in MaskingFilter() }
    case .framing: { [self] _ in serverFraming }
    }
  }

  /// A filter of the server, which may fail.
  var serverFraming: FramingFilter {
    let isWeak = isFaulty && ledger.happens(0.05)
    return FramingFilter(
      ledger, isClient: false, isHandshakeShort: isHandshakeShort,
      weakness: isWeak ? ledger.element(of: FramingFilter.Weakness.allCases) : nil,
      handshakeTimeout: handshakeTimeout)
  }

  // MARK: The client's side

  /// A filter of a client.
  var clientFraming: FramingFilter { FramingFilter(ledger, isClient: true, isHandshakeShort: isHandshakeShort) }

  /// The options of a server that connects to such a listener.
  var connectOptions: ConnectOptions {
    var options = ConnectOptions()
    switch filter {
    case .none: break
    case .masking: options.filter = { _ in MaskingFilter() }
    case .framing: options.filter = { [self] _ in clientFraming }
    }
    return options
  }

  /// A scripted peer that has connected to such a listener.
  func peer(_ peer: SimulatedPeer) -> any PeerStream {
    let fault = isFaulty && ledger.happens(0.15) ? ledger.element(of: FilteredPeer.Fault.allCases) : nil
    let clientFilter: (any ConnectionFilter)? =
      switch filter {
      case .none: nil
      case .masking: MaskingFilter()
      case .framing: clientFraming
      }
    if clientFilter == nil && header == .off && !upgrades { return peer }
    return FilteredPeer(peer, self, opening: drawOpening(peer), filter: clientFilter, fault: fault)
  }

  /// A scripted peer that a server has connected to with ``connectOptions``.
  func server(_ peer: SimulatedPeer) -> any PeerStream {
    let fault = isFaulty && ledger.happens(0.3) ? ledger.element(of: FilteredPeer.Fault.allCases) : nil
    switch filter {
    case .none: return peer
    case .masking: return FilteredPeer(peer, self, opening: nil, filter: MaskingFilter(), fault: fault)
    case .framing:
      let filter = FramingFilter(ledger, isClient: false, isHandshakeShort: isHandshakeShort)
      return FilteredPeer(peer, self, opening: nil, filter: filter, fault: fault)
    }
  }

  private func drawOpening(_ peer: SimulatedPeer) -> Opening? {
    let isTrusted = header != .untrusted || peer.address.family == .unix
    switch header {
    case .off: return nil
    case .optional: if ledger.happens(0.4) { return nil }
    case .required, .untrusted:
      if isFaulty && ledger.happens(0.1) { return Opening(bytes: [], source: nil, isUnacceptable: true) }
    }
    if isFaulty && ledger.happens(0.1) {
      return Opening(bytes: ledger.element(of: Self.wrongHeaders), source: nil, isUnacceptable: true)
    }
    if ledger.happens(0.1) {
      return Opening(bytes: ledger.element(of: Self.silentHeaders), source: nil, isUnacceptable: !isTrusted)
    }
    let source = ledger.takeClientAddress()
    let header = ProxyHeader(
      source: source, destination: SocketAddress(source.family == .ipv4 ? "192.0.2.1:80" : "[2001:db8::1]:80")!,
      values: ledger.happens(0.3) ? [.init(type: 2, bytes: Array("example.org".utf8))] : [])
    return Opening(
      bytes: header.encoded(ledger.element(of: ProxyHeader.Version.allCases)), source: isTrusted ? source : nil,
      isUnacceptable: !isTrusted)
  }

  /// Malformed headers, each in another way, whole or cut behind the error.
  private static let wrongHeaders: [[UInt8]] = [
    Array("PROXY TCP4 192.0.2.7 192.0.2.1 70000 80\r\n".utf8),
    Array("PROXY TCP4 192.0.2.7 192.0.2.1 1 80\n".utf8),
    Array("PROXY TCP4 2001:db8::7 2001:db8::1 1 80\r\n".utf8),
    Array("PROXY TCP5 192.0.2.7 192.0.2.1 1 80\r\n".utf8),
    Array("PROXY TCP4 192.0.2.7 192.0.2.1 1\r\n".utf8),
    Array(("PROXY UNKNOWN " + String(repeating: "x", count: 120)).utf8),
    signature + [0x31, 0x11, 0, 12] + [UInt8](repeating: 1, count: 12),
    signature + [0x21, 0x11, 0, 4, 1, 2, 3, 4],
    signature + [0x21, 0x11, 0xff, 0xff],
    signature + [0x21, 0x11, 0, 14] + [UInt8](repeating: 1, count: 12) + [2, 9],
  ]

  /// Headers that tell no address.
  private static let silentHeaders: [[UInt8]] = [
    Array("PROXY UNKNOWN\r\n".utf8), Array("PROXY UNKNOWN anything at all\r\n".utf8), signature + [0x20, 0, 0, 0],
    signature + [0x20, 0x11, 0, 3, 1, 2, 3], signature + [0x21, 0, 0, 0],
  ]

  private static let signature: [UInt8] = [
    0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a,
  ]
}
