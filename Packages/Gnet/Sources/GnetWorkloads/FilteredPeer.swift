import Gnet
import GnetTesting

/// A scripted peer whose bytes pass through filters: begins with a header of the PROXY protocol if the server wants
/// one, makes the handshakes, and may ask for another filter in the middle of the stream.
final class FilteredPeer: PeerStream {
  /// The byte by which both sides agree on another filter, which begins behind it. No pattern has it.
  static let upgradeMark: UInt8 = 255

  /// A way of breaking the rules.
  enum Fault: CaseIterable {
    /// Nothing is ever sent.
    case silence
    case badGreeting, badFrame
    /// The stream ends without the end of the filters.
    case truncation
  }

  private final class Stage {
    let filter: any ConnectionFilter
    var unread = RingBuffer()
    var isEstablished = false
    /// Whether bytes pass up; before an upgrade is agreed to, they do not.
    var isOpen: Bool

    init(_ filter: any ConnectionFilter, isOpen: Bool = true) {
      self.filter = filter
      self.isOpen = isOpen
    }
  }

  let address: SocketAddress
  let isUnacceptable: Bool
  let fault: Fault?
  private let peer: SimulatedPeer
  private let ledger: Ledger
  private let layers: WireLayers
  /// The filters, the one next to the socket first.
  private var stages: [Stage] = []
  private var received: [UInt8] = []
  /// The bytes that wait until all filters are established.
  private var unsent: [UInt8] = []
  private var endsOutput = false
  private var hasFailed = false
  private let isHeaderUnacceptable: Bool
  /// The bytes that have arrived since the filter has failed.
  private var rest: [UInt8] = []

  /// - Parameters:
  ///   - opening: the header that comes before all else.
  ///   - filter: the filter next to the socket.
  init(
    _ peer: SimulatedPeer, _ layers: WireLayers, opening: WireLayers.Opening?, filter: (any ConnectionFilter)?,
    fault: Fault?
  ) {
    self.peer = peer
    self.layers = layers
    self.fault = fault
    ledger = layers.ledger
    address = opening?.source ?? peer.address
    isHeaderUnacceptable = opening?.isUnacceptable ?? false
    let breaksHandshake = fault == .badGreeting || fault == .silence
    isUnacceptable =
      isHeaderUnacceptable || filter is FramingFilter && breaksHandshake
      || fault == .silence && layers.isHeaderAwaited
    if fault == .silence { return }
    peer.onChange = { [weak self] in self?.takeIn() }
    if let opening { peer.send(opening.bytes) }
    guard let filter else {
      takeIn()
      return
    }
    if fault == .badGreeting && filter is FramingFilter {
      hasFailed = true
      peer.send([FramingFilter.badGreeting])
    } else {
      stages.append(Stage(filter))
      begin(0)
      takeIn()
    }
  }

  var isTCP: Bool { peer.isTCP }
  var isOpened: Bool { peer.isOpened }
  var isEnded: Bool { peer.isEnded }
  var wasReset: Bool { peer.wasReset }
  var wasRefused: Bool { peer.wasRefused }
  var isReadingPaused: Bool {
    get { peer.isReadingPaused }
    set {
      peer.isReadingPaused = newValue
      takeIn()
    }
  }

  var isTruncated: Bool {
    stages.contains { stage in (stage.filter as? FramingFilter).map { !$0.hasEnded } ?? false }
  }

  var lacksEnd: Bool {
    if isAlertDue { return peer.isEnded && !peer.wasReset && rest != [FramingFilter.alert] }
    return stages.contains { stage in (stage.filter as? FramingFilter).map { $0.isEstablished && !$0.hasEnded } ?? false
    }
  }

  /// Whether the server's filter has to tell that it fails.
  private var isAlertDue: Bool { fault == .badGreeting && hasFailed && layers.isPatient && !isHeaderUnacceptable }

  var breaksRules: Bool {
    switch fault {
    case .badFrame: hasFailed
    case .truncation: endsOutput && stages.contains { ($0.filter as? FramingFilter)?.isEstablished ?? false }
    default: false
    }
  }

  private var isEstablished: Bool { stages.allSatisfy(\.isEstablished) }

  func receive() -> [UInt8] {
    takeIn()
    defer { received = [] }
    return received
  }

  func send(_ bytes: [UInt8]) -> Bool {
    if fault == .silence || hasFailed || endsOutput || peer.isEnded { return false }
    if fault == .badFrame, isEstablished, let last = stages.last, last.filter is FramingFilter, ledger.happens(0.5) {
      hasFailed = true
      passDown([FramingFilter.badFrame], below: stages.count - 1)
      return false
    }
    if ledger.happens(0.2) { ping() }
    if layers.upgrades && stages.count < 3 && ledger.happens(0.4) { upgrade() }
    unsent += bytes
    sendUnsent()
    return true
  }

  func endOutput() {
    endsOutput = true
    if hasFailed || fault == .silence || peer.isEnded { return peer.endOutput() }
    sendUnsent()
  }

  func close() { peer.close() }
  func reset() { peer.reset() }

  // MARK: Up

  private func takeIn() {
    let bytes = peer.receive()
    if hasFailed { rest += bytes } else if fault != .silence && !bytes.isEmpty { passUp(bytes, into: 0) }
    if peer.isEnded && endsOutput { peer.endOutput() }
  }

  private func begin(_ index: Int) {
    let stage = stages[index]
    var network = RingBuffer()
    do {
      try stage.filter.start(&network)
    } catch {
      return fail()
    }
    passDown(network.readAll(), below: index)
    if stage.isOpen { passUp([], into: index) }
  }

  private func passUp(_ bytes: [UInt8], into index: Int) {
    guard index < stages.count else { return received += bytes }
    let stage = stages[index]
    if !stage.isOpen { return openUpgrade(index, bytes) }
    if let framing = stage.filter as? FramingFilter, framing.hasEnded {
      return ledger.require(bytes.isEmpty, "bytes follow the end that a filter has written")
    }
    stage.unread.write(bytes)
    var input = RingBuffer()
    var reply = RingBuffer()
    let state: FilterState
    do {
      state = try stage.filter.receive(&stage.unread, &input, reply: &reply)
    } catch {
      passDown(reply.readAll(), below: index)
      return fail()
    }
    passDown(reply.readAll(), below: index)
    if !stage.isEstablished && state != .establishing {
      stage.isEstablished = true
      if index + 1 < stages.count && stages[index + 1].isOpen { begin(index + 1) }
      sendUnsent()
    }
    if !input.isEmpty { passUp(input.readAll(), into: index + 1) }
  }

  /// Looks for the answer to an upgrade: bytes behind it are those of the filter.
  private func openUpgrade(_ index: Int, _ bytes: [UInt8]) {
    guard let end = bytes.firstIndex(of: Self.upgradeMark) else { return received += bytes }
    received += bytes[..<end]
    stages[index].isOpen = true
    passUp(Array(bytes[(end + 1)...]), into: index)
  }

  private func fail() {
    hasFailed = true
    peer.endOutput()
  }

  // MARK: Down

  private func passDown(_ bytes: [UInt8], below index: Int) {
    if bytes.isEmpty { return }
    if index == 0 {
      peer.send(bytes)
      return
    }
    var output = RingBuffer()
    var network = RingBuffer()
    output.write(bytes)
    do {
      try stages[index - 1].filter.send(&output, &network)
    } catch {
      return fail()
    }
    passDown(network.readAll(), below: index - 1)
  }

  private func sendUnsent() {
    guard isEstablished, !hasFailed else { return }
    let bytes = unsent
    unsent = []
    passDown(bytes, below: stages.count)
    guard endsOutput else { return }
    if fault != .truncation {
      for index in stages.indices.reversed() {
        var network = RingBuffer()
        stages[index].filter.finish(&network)
        passDown(network.readAll(), below: index)
      }
    }
    peer.endOutput()
  }

  private func ping() {
    guard isEstablished, let index = stages.lastIndex(where: { $0.filter is FramingFilter }),
      let framing = stages[index].filter as? FramingFilter
    else { return }
    var network = RingBuffer()
    framing.ping(&network)
    passDown(network.readAll(), below: index)
  }

  /// Asks the server for another filter, and begins with that at once.
  private func upgrade() {
    guard isEstablished else { return }
    passDown(unsent + [Self.upgradeMark], below: stages.count)
    unsent = []
    stages.append(Stage(layers.clientFraming, isOpen: false))
    begin(stages.count - 1)
  }
}
