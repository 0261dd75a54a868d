import RingBuffer
import TestPeers
import TestSupport
import Testing

@testable import Gnet

/// A filter that combines every byte with a key.
final class Scrambler: ConnectionFilter {
  static let key: UInt8 = 0x5a

  func receive(_ network: inout RingBuffer, _ input: inout RingBuffer, reply: inout RingBuffer) -> FilterState {
    input.write(Self.scrambled(network.readAll()))
    return .established
  }

  func send(_ output: inout RingBuffer, _ network: inout RingBuffer) {
    network.write(Self.scrambled(output.readAll()))
  }

  static func scrambled(_ bytes: [UInt8]) -> [UInt8] { bytes.map { $0 ^ key } }
  static func scrambled(_ text: String) -> [UInt8] { scrambled(Array(text.utf8)) }
}

/// A filter with a handshake of four messages, frames, and an end of its own.
///
/// ```
///   client                     server
///   hello 1\n      ------->
///                  <-------    hello 2\n
///   hello 3\n      ------->
///                  <-------    hello 4\n    established: the server now, the client when it has read this
///   [2] a^k b^k    ------->                 a frame of two bytes
///   [0]            ------->                 the end
/// ```
///
/// The filter fails for a wrong message, for `bad!` in a frame, for `what?` in the output, and for a stream without the
/// end. It then writes an alert.
final class Framing: ConnectionFilter {
  struct Failure: Error, Hashable, CustomStringConvertible {
    let description: String
  }

  static let key: UInt8 = 0x21
  static let alert = "alert\n"

  let context: FilterContext
  let handshakeTimeout: Duration?
  private var expected: Int
  private var isEstablished = false
  private(set) var finishCount = 0

  init(_ context: FilterContext, handshakeTimeout: Duration? = .seconds(10)) {
    self.context = context
    self.handshakeTimeout = handshakeTimeout
    expected = context.isOutbound ? 2 : 1
  }

  func start(_ network: inout RingBuffer) {
    if context.isOutbound { network.write("hello 1\n") }
  }

  func receive(_ network: inout RingBuffer, _ input: inout RingBuffer, reply: inout RingBuffer) throws -> FilterState {
    while !isEstablished {
      guard let end = network.firstIndex(of: UInt8(ascii: "\n")) else { return .establishing }
      guard network.read(end + 1) == Array("hello \(expected)\n".utf8) else {
        reply.write(Self.alert)
        throw Failure(description: "an unexpected message")
      }
      if expected < 4 { reply.write("hello \(expected + 1)\n") }
      isEstablished = expected >= 3
      expected += 2
    }
    while !network.isEmpty, case let length = Int(network[0]), network.count > length {
      if length == 0 { return .ended }
      network.discard(1)
      let bytes = network.read(length).map { $0 ^ Self.key }
      if Self.has("bad!", bytes) {
        reply.write(Self.alert)
        throw Failure(description: "a bad frame")
      }
      input.write(bytes)
    }
    return .established
  }

  func send(_ output: inout RingBuffer, _ network: inout RingBuffer) throws {
    while !output.isEmpty {
      let bytes = output.read(255)
      if Self.has("what?", bytes) {
        network.write(Self.alert)
        throw Failure(description: "bad output")
      }
      network.write(Self.frame(bytes))
    }
  }

  func networkEnded() throws { throw Failure(description: "truncated") }

  func finish(_ network: inout RingBuffer) {
    finishCount += 1
    network.writeByte(0)
  }

  /// Whether a short message has a text.
  private static func has(_ text: String, _ bytes: [UInt8]) -> Bool {
    bytes.count < 32 && String(decoding: bytes, as: UTF8.self).contains(text)
  }

  // MARK: The peer's side

  static func frame(_ bytes: [UInt8]) -> [UInt8] { [UInt8(bytes.count)] + bytes.map { $0 ^ key } }
  static func frame(_ text: String) -> [UInt8] { frame(Array(text.utf8)) }

  /// Bytes in frames.
  static func frames(_ bytes: [UInt8]) -> [UInt8] {
    stride(from: 0, to: bytes.count, by: 255).flatMap { frame(Array(bytes[$0..<min($0 + 255, bytes.count)])) }
  }

  /// The bytes in frames; `nil` if the last frame is not whole or not the end.
  static func unframed(_ frames: [UInt8]) -> [UInt8]? {
    var (bytes, place): ([UInt8], Int) = ([], 0)
    while place < frames.count {
      let length = Int(frames[place])
      if length == 0 { return place + 1 == frames.count ? bytes : nil }
      guard place + length < frames.count else { return nil }
      for byte in frames[place + 1...place + length] { bytes.append(byte ^ key) }
      place += 1 + length
    }
    return nil
  }
}

extension Client {
  /// Makes the handshake of ``Framing`` as its client.
  func makeHandshake() throws {
    try send("hello 1\n")
    #expect(try receiveLine() == "hello 2")
    try send("hello 3\n")
    #expect(try receiveLine() == "hello 4")
  }

  /// Receives a frame of ``Framing``, whose end is an empty one; `nil` at the end of the stream.
  func receiveFrame() throws -> String? {
    guard let length = try receive(exactly: 1).first else { return nil }
    return String(decoding: try receive(exactly: Int(length)).map { $0 ^ Framing.key }, as: UTF8.self)
  }
}

/// The calls of a connection's handler, in words.
final class Calls: Sendable {
  let log = Log<String>()

  var values: [String] { log.values }

  /// A service that notes its calls and sends everything back, and with half-closure ends its output with the peer's.
  func service(opened: @escaping @Sendable (inout Connection) -> Action = { _ in .none }) -> Service {
    var events = Events()
    events.onOpened = { [log] connection in
      log.add("opened")
      return opened(&connection)
    }
    events.react = { [log] connection, input in
      if !input.isEmpty { log.add("react \(String(decoding: input.readAll(), as: UTF8.self))") }
      if connection.isInputEnded {
        log.add("ended")
        connection.endOutput()
      }
      return .none
    }
    events.onClosed = { [log] _, error in log.note("closed \(error.map { "\($0)" } ?? "in order")") }
    return Service(events)
  }

  /// Waits until the connection has ended.
  func waitForEnd() throws {
    try require("the connection has ended") { self.values.contains { $0.hasPrefix("closed") } }
  }
}

/// Serves one service with a filter for the length of `body`.
func withFilter(
  _ filter: @escaping ConnectionFilter.Factory, _ service: Service, transport: StreamTransport = .tcp4,
  options: Options = Options(), _ body: (Server) throws -> Void
) throws {
  var options = options
  options.loopCount = 1
  try withListeners([Listener(transport.address(), service, filter: filter)], options: options, body)
}

extension FilterContext {
  /// The context of a connection.
  init(_ connection: borrowing Connection) {
    self.init(
      isOutbound: connection.isOutbound, localAddress: connection.localAddress, remoteAddress: connection.remoteAddress)
  }
}
