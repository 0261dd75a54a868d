import CFuzz
import Gnet
import GnetTLS
import RingBuffer

extension FuzzTarget {
  static func tls(_ choices: inout Choices) {
    let (kind, seed) = (choices.byte(), choices.byte())
    let isServer = kind & 1 == 0
    if kind & 2 == 0 {
      _ = outcome(of: choices.rest, cutBy: seed) { outcomeOfStranger($0, isServer: isServer) }
    } else {
      TLSPair(isServer ? .v13 : .v12).exchange(&choices)
    }
  }

  /// The last state of an end that gets any bytes, or its error.
  private static func outcomeOfStranger(_ arrival: Arrival, isServer: Bool) -> String {
    let end = isServer ? TLSEnd.server() : TLSEnd.client(.v13)
    for piece in arrival.pieces where !end.hasFailed { end.receive(piece) }
    // A hello is 600 bytes at most here, a server's flight a certificate more.
    expect(end.sent.count <= 4096, "\(end.sent.count) bytes are answered to a stranger")
    expect(end.received.isEmpty, "a stranger's bytes are given to the handler")
    return end.outcome
  }
}

/// An end of a connection: a filter between rings.
private final class TLSEnd {
  private let filter: any ConnectionFilter
  private var network = RingBuffer()
  private var input = RingBuffer()
  private var wire = RingBuffer()
  private var state = FilterState.establishing
  private var error: (any Error)?

  init(_ factory: ConnectionFilter.Factory, isOutbound: Bool) {
    let address = SocketAddress("127.0.0.1:1")!
    do {
      filter = try factory(
        FilterContext(
          isOutbound: isOutbound, requestedName: "localhost", localAddress: address, remoteAddress: address))
      try filter.start(&wire)
    } catch {
      fatalError("\(error)")
    }
  }

  static func server() -> TLSEnd { TLSEnd(TLSTestPeer.server.filter, isOutbound: false) }

  static func client(_ version: TLSVersion) -> TLSEnd {
    TLSEnd(version == .v13 ? TLSTestPeer.client13.filter : TLSTestPeer.client12.filter, isOutbound: true)
  }

  var hasFailed: Bool { error != nil }
  /// Whether the handshake is over; the peer may have ended its stream with the same flight.
  var isEstablished: Bool { state != .establishing && error == nil }
  var outcome: String { error.map { "\($0)" } ?? "\(state)" }

  /// The bytes for the peer that were not taken.
  var sent: [UInt8] { wire.peek(wire.count) }

  /// All bytes for the handler.
  var received: [UInt8] { input.peek(input.count) }

  func takeSent() -> [UInt8] { wire.readAll() }

  /// Takes in bytes from the peer.
  func receive(_ bytes: some Collection<UInt8>) {
    if state == .ended { return }
    network.write(bytes)
    call { state = try filter.receive(&network, &input, reply: &wire) }
    expect(hasFailed || network.isEmpty, "\(network.count) bytes are not taken")
  }

  /// Takes in bytes from the handler, and the end of its output.
  func send(_ bytes: [UInt8]) {
    var output = RingBuffer()
    output.write(bytes)
    call { try filter.send(&output, &wire) }
    expect(hasFailed || output.isEmpty, "\(output.count) bytes of output wait")
    if !hasFailed { filter.finish(&wire) }
  }

  func endNetwork() { if !hasFailed && state != .ended { call { try filter.networkEnded() } } }

  /// Calls the filter, which leaves no error in OpenSSL's queue: another connection would take that for its own.
  private func call(_ body: () throws -> Void) {
    do { try body() } catch { self.error = error }
    expectEqual(ERR_peek_error(), 0, "an error is left in the queue of OpenSSL")
  }
}

/// A client and a server, with somebody between them who changes bytes.
private struct TLSPair {
  private let client: TLSEnd
  private let server = TLSEnd.server()
  private let message = (0..<100).map { UInt8($0) }

  init(_ version: TLSVersion) { client = .client(version) }

  /// The most flights of a handshake and of the messages behind it.
  private static let flightLimit = 20

  /// Moves flights between the ends, with changes that the input decides, and messages behind the handshake.
  ///
  /// Whatever is changed, the bytes for a handler are the beginning of those that the peer's handler has sent.
  func exchange(_ choices: inout Choices) {
    let isUnchanged = choices.isEmpty
    var (flights, hasSent) = (0, (client: false, server: false))
    while true {
      if client.isEstablished && !hasSent.client { client.send(message); hasSent.client = true }
      if server.isEstablished && !hasSent.server { server.send(message); hasSent.server = true }
      let (toServer, toClient) = (client.takeSent(), server.takeSent())
      if toServer.isEmpty && toClient.isEmpty { break }
      flights += 1
      expect(flights < Self.flightLimit, "the ends do not come to an end")
      move(toServer, to: server, &choices)
      move(toClient, to: client, &choices)
    }
    for end in [client, server] {
      end.endNetwork()
      expect(message.starts(with: end.received), "an end has received \(end.received)")
      if isUnchanged { expectEqual(end.received, message, "the message: \(client.outcome), \(server.outcome)") }
    }
  }

  /// Moves a flight, with up to three changes: of a byte, of the length, or a piece that comes twice.
  private func move(_ flight: [UInt8], to end: TLSEnd, _ choices: inout Choices) {
    var bytes = flight
    for _ in 0..<Int(choices.byte() & 3) where !bytes.isEmpty {
      let (kind, place, value) = (choices.byte(), choices.number(0...1023) % bytes.count, choices.byte())
      switch kind & 3 {
      case 0, 1: bytes[place] ^= value
      case 2: bytes.removeSubrange(place..<min(place + Int(value), bytes.count))
      default: bytes.insert(contentsOf: bytes[place...].prefix(Int(value)), at: place)
      }
    }
    if !end.hasFailed && !bytes.isEmpty { end.receive(bytes) }
  }
}

/// The two sides of TLS, which all connections share.
private enum TLSTestPeer {
  static let server = make { () throws(TLSError) in
    try TLSServer(TLSIdentity(pem: certificate, privateKey: key), applicationProtocols: ["h2", "http/1.1"])
  }
  static let client13 = make { () throws(TLSError) in
    try TLSClient(trust: .pem(certificate), applicationProtocols: ["http/1.1"])
  }
  static let client12 = make { () throws(TLSError) in
    try TLSClient(trust: .pem(certificate)) { $0.maximumVersion = .v12 }
  }

  private static func make<Value>(_ body: () throws(TLSError) -> Value) -> Value {
    do { return try body() } catch { fatalError("\(error)") }
  }

  // A certificate of localhost and its key, which nobody else trusts. It is valid until 2126.
  private static let certificate = """
    -----BEGIN CERTIFICATE-----
    MIIBlDCCATugAwIBAgIUMqh7dPUW4ylJrOyYqxcl4avfw10wCgYIKoZIzj0EAwIw
    FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNzIyMzMyMFoYDzIxMjYxMTAz
    MjIzMzIwWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
    PQMBBwNCAASpNylWuUYAHO3AlfHZ6iIjAw1E6ATid0VRvJPoMAJ/ZaEmlIrxrccm
    ErFEfLvo60UNIzSkM49Z1y/i0Sd6R0qho2kwZzAdBgNVHQ4EFgQUlHJAcJKn7+7O
    zpqJWh0J4hTmvbYwHwYDVR0jBBgwFoAUlHJAcJKn7+7OzpqJWh0J4hTmvbYwDwYD
    VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
    RwAwRAIgYe8BVsXQUHcye9NAn2z7KA45HvuaTUMHAq/EdgCVxJUCIBSHJ+OXt1db
    mnKUwOwqwn835ggIGSvqExAv11g0xipz
    -----END CERTIFICATE-----
    """
  private static let key = """
    -----BEGIN PRIVATE KEY-----
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgtnWb8FG3HRGhxGS9
    lVfPiygHxI7qCQ0WIaHo9G1qXO+hRANCAASpNylWuUYAHO3AlfHZ6iIjAw1E6ATi
    d0VRvJPoMAJ/ZaEmlIrxrccmErFEfLvo60UNIzSkM49Z1y/i0Sd6R0qh
    -----END PRIVATE KEY-----
    """
}
