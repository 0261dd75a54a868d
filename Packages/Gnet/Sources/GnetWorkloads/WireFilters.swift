import Gnet

/// A filter without a handshake: combines every byte with a key.
final class MaskingFilter: ConnectionFilter {
  private static let key: UInt8 = 0x5a

  func receive(_ network: inout RingBuffer, _ input: inout RingBuffer, reply: inout RingBuffer) -> FilterState {
    while let byte = network.readByte() { input.writeByte(byte ^ Self.key) }
    return .established
  }

  func send(_ output: inout RingBuffer, _ network: inout RingBuffer) {
    while let byte = output.readByte() { network.writeByte(byte ^ Self.key) }
  }
}

/// A filter with a handshake, frames, requests that it answers by itself, and an end of its own, as TLS has them.
///
/// Reports calls in an order that the protocol of filters excludes.
final class FramingFilter: ConnectionFilter {
  struct Failure: Error, Equatable, CustomStringConvertible {
    let description: String
  }

  /// The moments at which a filter may fail by itself.
  enum Weakness: CaseIterable {
    case start, handshake, input, output
  }

  private enum Phase { case new, establishing, established, ended, failed }

  /// The last byte of the handshake: the client sends 1 and 3, the server 2, and 4 unless the handshake is short. In a
  /// short one, the first frames of the client may come along with its last byte.
  private let lastOfHandshake: UInt8
  /// The first bytes of frames; those from 1 to 250 are the lengths of frames with bytes.
  private enum Mark {
    static let end: UInt8 = 0
    static let longest: UInt8 = 250
    static let ping: UInt8 = 251
    static let pong: UInt8 = 252
  }
  /// Tells that the filter has failed.
  static let alert: UInt8 = 253
  private static let key: UInt8 = 0x21

  let handshakeTimeout: Duration?
  private let ledger: Ledger
  private let isClient: Bool
  private let weakness: Weakness?
  private var phase = Phase.new
  private var expected: UInt8
  private var isFinished = false
  private var isNetworkEnded = false
  private var isGone = false
  private(set) var pingCount = 0
  private(set) var pongCount = 0

  init(
    _ ledger: Ledger, isClient: Bool, isHandshakeShort: Bool, weakness: Weakness? = nil,
    handshakeTimeout: Duration? = .seconds(10)
  ) {
    self.ledger = ledger
    self.isClient = isClient
    lastOfHandshake = isHandshakeShort ? 3 : 4
    self.weakness = weakness
    self.handshakeTimeout = handshakeTimeout
    expected = isClient ? 2 : 1
  }

  var hasFailed: Bool { phase == .failed }
  var hasEnded: Bool { phase == .ended }
  var isEstablished: Bool { phase == .established || phase == .ended }

  /// Takes in that the connection has ended: nothing is to be called any more.
  func markGone() { isGone = true }

  private func expect(_ holds: Bool, _ call: String) {
    ledger.require(holds && !isGone && phase != .failed, "a filter in the phase \(phase) is called: \(call)")
  }

  private func fail(_ reason: String, _ alert: inout RingBuffer) -> Failure {
    alert.writeByte(Self.alert)
    phase = .failed
    return Failure(description: reason)
  }

  // MARK: The calls of a filter

  func start(_ network: inout RingBuffer) throws {
    expect(phase == .new, "start")
    if weakness == .start { throw fail("weak at its start", &network) }
    phase = .establishing
    if isClient { network.writeByte(1) }
  }

  func receive(_ network: inout RingBuffer, _ input: inout RingBuffer, reply: inout RingBuffer) throws -> FilterState {
    expect(phase == .establishing || phase == .established, "receive")
    if phase == .establishing {
      try shakeHands(&network, &reply)
      if phase == .establishing { return .establishing }
    }
    while !network.isEmpty {
      switch network[0] {
      case Mark.end:
        network.discard(1)
        phase = .ended
        return .ended
      case Mark.ping:
        network.discard(1)
        reply.writeByte(Mark.pong)
      case Mark.pong:
        network.discard(1)
        pongCount += 1
        ledger.require(pongCount <= pingCount, "a filter answers what it was not asked")
      case Self.alert:
        throw fail("the peer has failed", &reply)
      case let length where length <= Mark.longest:
        guard network.count > Int(length) else { return .established }
        if weakness == .input { throw fail("weak at a frame", &reply) }
        network.discard(1)
        input.write(network.read(Int(length)).map { $0 ^ Self.key })
      default:
        throw fail("a bad frame", &reply)
      }
    }
    return .established
  }

  private func shakeHands(_ network: inout RingBuffer, _ reply: inout RingBuffer) throws {
    while let byte = network.readByte() {
      if byte != expected || weakness == .handshake { throw fail("a bad handshake", &reply) }
      if expected < lastOfHandshake { reply.writeByte(expected + 1) }
      if expected >= lastOfHandshake - 1 {
        phase = .established
        return
      }
      expected += 2
    }
  }

  func send(_ output: inout RingBuffer, _ network: inout RingBuffer) throws {
    expect(isEstablished && !isFinished, "send")
    if weakness == .output { throw fail("weak at its output", &network) }
    while !output.isEmpty {
      let bytes = output.read(Int(Mark.longest))
      network.writeByte(UInt8(bytes.count))
      network.write(bytes.map { $0 ^ Self.key })
    }
  }

  func networkEnded() throws {
    expect((phase == .establishing || phase == .established) && !isNetworkEnded, "networkEnded")
    isNetworkEnded = true
    phase = .failed
    throw Failure(description: "the stream has ended without the end")
  }

  func finish(_ network: inout RingBuffer) {
    expect(isEstablished && !isFinished, "finish")
    isFinished = true
    network.writeByte(Mark.end)
  }

  // MARK: What a script has it do

  /// Asks the filter of the other side.
  func ping(_ network: inout RingBuffer) {
    pingCount += 1
    network.writeByte(Mark.ping)
  }

  /// A byte that no frame begins with.
  static let badFrame: UInt8 = 255
  /// A byte that no handshake has.
  static let badGreeting: UInt8 = 77
}
