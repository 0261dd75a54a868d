public import Gnet
public import RingBuffer

/// The handler of a WebSocket connection, on its loop's thread: one value per connection.
public protocol WebSocketHandler: ~Copyable, SendableMetatype {
  /// Called once, before anything else. The default does nothing.
  mutating func opened(_ socket: inout WebSocket)

  /// Called with each whole message. Not called while the client does not take its output.
  mutating func received(_ message: inout WebSocketMessage, _ socket: inout WebSocket)

  /// Called once, after everything else. The default does nothing.
  ///
  /// - Parameters:
  ///   - code: the code of the client's close; `nil` if it has sent none.
  ///   - error: the error that ended the connection, if it was not closed.
  consuming func closed(_ code: UInt16?, _ error: (any Error)?)
}

extension WebSocketHandler where Self: ~Copyable {
  /// Does nothing.
  public mutating func opened(_ socket: inout WebSocket) {}

  /// Does nothing.
  public consuming func closed(_ code: UInt16?, _ error: (any Error)?) {}
}

/// A message.
public struct WebSocketMessage: ~Copyable {
  /// Whether the message is text, whose bytes are UTF-8.
  public let isText: Bool

  /// The bytes.
  public var bytes: RingBuffer

  /// The message as text.
  public var text: String { String(decoding: bytes.peek(bytes.count), as: UTF8.self) }
}

/// A WebSocket connection, as a handler sees it: a view that is lent for the length of the call.
@safe
public struct WebSocket: ~Copyable {
  private let connection: UnsafeMutablePointer<Connection>
  let link: WebSocketLink

  @unsafe
  init(_ connection: UnsafeMutablePointer<Connection>, _ link: WebSocketLink) {
    unsafe self.connection = connection
    self.link = link
  }

  /// The client's address.
  public var remoteAddress: SocketAddress { unsafe connection.pointee.remoteAddress }

  /// A value that sends to this connection from any thread, at any time.
  public var handle: WebSocketHandle { unsafe WebSocketHandle(connection.pointee.handle, link) }

  /// Whether the server has begun to shut down.
  var isShuttingDown: Bool { unsafe connection.pointee.isShuttingDown }

  /// Whether so much output waits that no message is received until the client has taken it.
  public var isOutputFull: Bool { unsafe connection.pointee.isOutputFull }

  /// Sends a message of text.
  public func send(_ text: String) {
    var text = text
    text.withUTF8 { unsafe send($0.span.bytes, .text) }
  }

  /// Sends a message of bytes.
  public func send(_ bytes: [UInt8]) { unsafe send(bytes.span.bytes, .binary) }

  /// Sends a message of bytes.
  public func send(_ bytes: RawSpan) { send(bytes, .binary) }

  /// Sends a message back, or on, and leaves it empty.
  public func send(moving message: inout WebSocketMessage) {
    guard !link.isClosing else { return }
    let header = FrameHeader.bytes(message.isText ? .text : .binary, message.bytes.count)
    unsafe message.bytes.prepend(header.bytes.span.extracting(first: header.count).bytes)
    unsafe connection.pointee.write(moving: &message.bytes)
  }

  /// Closes the connection: the client is told, and has a time to answer. Later messages are dropped.
  ///
  /// - Parameters:
  ///   - code: the code, such as 1000 for a normal end.
  ///   - reason: at most 123 bytes; more are dropped.
  public func close(_ code: UInt16 = 1000, _ reason: String = "") {
    guard link.beginClosing() else { return }
    unsafe connection.pointee.write(FrameHeader.closeFrame(code, reason))
  }

  private func send(_ bytes: RawSpan, _ opcode: Opcode) {
    guard !link.isClosing else { return }
    let header = FrameHeader.bytes(opcode, bytes.byteCount)
    unsafe connection.pointee.write(header.bytes.span.extracting(first: header.count))
    unsafe connection.pointee.write(bytes)
  }
}

/// A WebSocket connection, for use from any thread and at any time, also after it has gone.
public struct WebSocketHandle: Sendable, Hashable {
  private let handle: ConnectionHandle
  private let link: WebSocketLink

  init(_ handle: ConnectionHandle, _ link: WebSocketLink) {
    self.handle = handle
    self.link = link
  }

  /// Sends a message of text, unless too much output waits.
  ///
  /// - Returns: `.full` if the message was not sent, and may be offered again; `.gone` if the connection has ended or is
  ///   closing.
  @discardableResult
  public func send(_ text: String) -> ConnectionHandle.Offer { send(Array(text.utf8), .text) }

  /// Sends a message of bytes, unless too much output waits.
  @discardableResult
  public func send(_ bytes: [UInt8]) -> ConnectionHandle.Offer { send(bytes, .binary) }

  /// Closes the connection, as ``WebSocket/close(_:_:)`` does.
  public func close(_ code: UInt16 = 1000, _ reason: String = "") {
    guard link.beginClosing() else { return }
    handle.write(FrameHeader.closeFrame(code, reason))
    // The handler begins to wait for the answer.
    handle.wake()
  }

  private func send(_ bytes: [UInt8], _ opcode: Opcode) -> ConnectionHandle.Offer {
    guard !link.isClosing else { return .gone }
    let header = FrameHeader.bytes(opcode, bytes.count)
    var frame: [UInt8] = []
    frame.reserveCapacity(header.count + bytes.count)
    for index in 0..<header.count { frame.append(header.bytes[index]) }
    frame += bytes
    return handle.offer(frame)
  }

  /// Whether both are handles of one connection.
  public static func == (left: WebSocketHandle, right: WebSocketHandle) -> Bool { left.handle == right.handle }

  /// Hashes the connection's identity.
  public func hash(into hasher: inout Hasher) { hasher.combine(handle) }
}
