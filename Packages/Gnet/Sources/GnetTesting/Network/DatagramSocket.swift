internal import CGnet
internal import Gnet

/// A datagram on its way, or arrived.
struct Datagram {
  let bytes: [UInt8]
  let source: SocketAddress
  /// The address that the datagram was sent to.
  let destination: SocketAddress
}

/// A socket of datagrams, of a server or of a script.
final class DatagramSocket: Watchable {
  let host: SimulatedHost
  let local: SocketAddress
  let isIPv6: Bool
  let takesIPv4: Bool
  /// The only peer of a connected socket.
  let remote: SocketAddress?
  /// Whether receives tell the address that a datagram was sent to.
  var reportsLocal = false
  private var waiting: [Datagram] = []
  private var error: Int32 = 0
  /// Whether the buffer for sending is full.
  private var isBlocked = false
  private(set) var isClosed = false
  /// Called when a datagram has arrived.
  var onArrival: (() -> Void)?

  /// The largest number of waiting datagrams; further datagrams are lost.
  private static let limit = 512

  init(
    _ host: SimulatedHost, local: SocketAddress, isIPv6: Bool, takesIPv4: Bool, remote: SocketAddress? = nil
  ) {
    self.host = host
    self.local = local
    self.isIPv6 = isIPv6
    self.takesIPv4 = takesIPv4
    self.remote = remote
  }

  func arrive(_ datagram: Datagram) {
    if isClosed || waiting.count >= Self.limit { return }
    if let remote, datagram.source != remote { return }
    waiting.append(datagram)
    notify()
    onArrival?()
  }

  /// Takes in that a datagram has met nobody.
  func refuse() {
    guard remote != nil, !isClosed else { return }
    error = ECONNREFUSED
    notify()
  }

  func receive() -> Result<Datagram, CallError> {
    if error != 0 { return .failure(CallError(takeError())) }
    return waiting.isEmpty ? .failure(CallError(EAGAIN)) : .success(waiting.removeFirst())
  }

  func takeError() -> Int32 {
    defer { error = 0 }
    return error
  }

  var unreadCount: Int { waiting.first?.bytes.count ?? 0 }

  /// Sends a datagram.
  func send(_ bytes: [UInt8], to peer: SocketAddress, from source: SocketAddress?) -> Int32 {
    if error != 0 { return -takeError() }
    if isBlocked { return -EAGAIN }
    if bytes.count > 65_507 { return -EMSGSIZE }
    host.world.transmit(bytes, to: peer, from: source ?? host.source(for: peer, port: local), of: self)
    return 0
  }

  /// Fills the buffer for sending, for a moment.
  func block() {
    isBlocked = true
    host.world.schedule(after: 1_000_000) { [self] in
      isBlocked = false
      notify()
    }
  }

  /// Takes the datagrams that the kernel would merge with one that was received: of one size, the last may be shorter.
  func takeMerged(with first: Datagram, limit: Int) -> [Datagram] {
    var merged = [first]
    var byteCount = first.bytes.count
    while let next = waiting.first, merged.last?.bytes.count == first.bytes.count, merged.count < 64,
      next.source == first.source, next.destination == first.destination, !next.bytes.isEmpty,
      next.bytes.count <= first.bytes.count, byteCount + next.bytes.count <= limit
    {
      byteCount += next.bytes.count
      merged.append(waiting.removeFirst())
    }
    return merged
  }

  func close() {
    isClosed = true
    onArrival = nil
    host.unbind(self)
  }

  override var readiness: Readiness {
    var readiness: Readiness = isBlocked ? [] : .writable
    if !waiting.isEmpty { readiness.insert(.readable) }
    if error != 0 { readiness.formUnion([.readable, .error]) }
    return readiness
  }
}
