import Gnet
import RingBuffer

@testable import GnetTLS

/// An end of a connection in memory: a filter and its rings.
final class End {
  let filter: TLSFilter
  private(set) var state = FilterState.establishing
  private var network = RingBuffer()
  private var input = RingBuffer()
  private var wire = RingBuffer()

  init(_ filter: TLSFilter) throws {
    self.filter = filter
    try filter.start(&wire)
    try receive([])
  }

  var session: TLSSession? { filter.session }
  var isEstablished: Bool { state == .established }

  /// Takes in bytes from the peer.
  func receive(_ bytes: [UInt8]) throws {
    network.write(bytes)
    state = try filter.receive(&network, &input, reply: &wire)
  }

  /// Takes in bytes from the handler.
  func send(_ bytes: [UInt8]) throws {
    var output = RingBuffer()
    output.write(bytes)
    try send(moving: &output)
  }

  func send(moving output: inout RingBuffer) throws { try filter.send(&output, &wire) }

  func finish() { filter.finish(&wire) }

  /// The bytes for the handler, which are taken.
  func takeInput() -> [UInt8] { input.readAll() }

  /// The bytes for the peer, which are taken.
  func takeSent() -> [UInt8] { wire.readAll() }

  var sentCount: Int { wire.count }
}

/// Two ends that speak with each other.
struct Pair {
  let client: End
  let server: End

  init(_ client: TLSClient, _ server: TLSServer, host: String? = "localhost", port: Int = 1) throws {
    self.client = try End(client.makeFilter(host: host, port: port))
    self.server = try End(server.makeFilter())
  }

  /// Moves bytes both ways in pieces until there are no more.
  func exchange(pieces: Int = .max) throws {
    while client.sentCount + server.sentCount > 0 {
      try Self.move(client.takeSent(), to: server, pieces)
      try Self.move(server.takeSent(), to: client, pieces)
    }
  }

  private static func move(_ bytes: [UInt8], to end: End, _ pieces: Int) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      try end.receive(Array(rest.prefix(pieces)))
      rest = rest.dropFirst(pieces)
    }
  }

  /// The errors of both ends, after as much of the exchange as they allow.
  func failures() -> (client: TLSError?, server: TLSError?) {
    var errors: (client: TLSError?, server: TLSError?) = (nil, nil)
    while client.sentCount + server.sentCount > 0 {
      let (toServer, toClient) = (client.takeSent(), server.takeSent())
      if errors.server == nil && !toServer.isEmpty { errors.server = Self.error { try server.receive(toServer) } }
      if errors.client == nil && !toClient.isEmpty { errors.client = Self.error { try client.receive(toClient) } }
    }
    return errors
  }

  private static func error(_ body: () throws -> Void) -> TLSError? {
    do {
      try body()
      return nil
    } catch {
      return error as? TLSError
    }
  }
}

extension TLSServer {
  /// Makes a server with the certificate of localhost.
  static func test(_ configure: (inout Configuration) -> Void = { _ in }) throws -> TLSServer {
    try TLSServer(Certificate.localhost.identity(), configure)
  }
}

extension TLSClient {
  /// Makes a client that trusts the authority of the tests.
  static func test(_ configure: (inout Configuration) -> Void = { _ in }) throws -> TLSClient {
    try TLSClient(trust: Certificate.authority.trust, configure)
  }
}

/// Bytes that are easy to tell apart.
func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) } }
