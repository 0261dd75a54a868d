internal import Gnet
internal import RingBuffer

/// The state that the connections of a service share on a loop.
final class WebSocketLoop {
  /// Storage for the message of the connection whose turn it is: a connection without a part of a message has none.
  private var spare = RingBuffer()

  /// Exchanges the storage of a message without bytes: lends the spare one, or takes it back.
  func exchange(_ message: inout RingBuffer) { if message.isEmpty { swap(&message, &spare) } }
}

/// The messages of one connection.
struct WebSocketSession: ~Copyable, ConnectionHandler {
  private let program: WebSocketProgram
  private let options: WebSocketOptions
  private let loop: WebSocketLoop
  private let link = WebSocketLink()
  private var reader: MessageReader
  /// Whether a byte has come since the time-out was set.
  private var hasReceived = false
  /// Whether the client owes a sign of life.
  private var isPinged = false
  /// Whether the time for the client's answer to a close runs.
  private var waitsForClose = false
  /// The code of the client's close.
  private var code: UInt16?

  init(_ program: WebSocketProgram, _ options: WebSocketOptions, on loop: WebSocketLoop) {
    self.program = program
    self.options = options
    self.loop = loop
    reader = MessageReader(limit: options.messageLimit)
  }

  mutating func opened(_ connection: inout Connection) -> Action {
    // HTTP may have held back what came behind the request.
    connection.isReadingPaused = false
    connection.setTimeout(options.pingInterval)
    withSocket(&connection) { program, socket in
      program.opened(&socket)
      if socket.isShuttingDown { socket.close(1001, "the server shuts down") }
    }
    return .none
  }

  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    hasReceived = hasReceived || !input.isEmpty
    loop.exchange(&reader.message)
    defer { loop.exchange(&reader.message) }
    do throws(WebSocketFailure) {
      while !connection.isOutputFull, let event = try reader.next(from: &input) {
        if try take(event, &connection) == .close { return .close }
      }
    } catch {
      if link.beginClosing() { connection.write(FrameHeader.closeFrame(error.code, error.reason)) }
      return .close
    }
    if connection.isInputEnded, !connection.isOutputFull { return .close }
    waitForClose(&connection)
    return .none
  }

  mutating func drained(_ connection: inout Connection) -> Action {
    connection.wake()
    return .none
  }

  /// Pings a client that is silent. Ends the connection of a client that stays silent, or does not answer a close.
  mutating func timedOut(_ connection: inout Connection) -> Action {
    if waitsForClose || isPinged && !hasReceived && !connection.isOutputFull {
      connection.abort()
      return .close
    }
    // A client that is not read from, since it does not take its output, cannot give a sign of life.
    isPinged = !hasReceived && !connection.isOutputFull
    hasReceived = false
    if isPinged { connection.write(FrameHeader.controlFrame(.ping, [])) }
    connection.setTimeout(options.pingInterval)
    return .none
  }

  mutating func shuttingDown(_ connection: inout Connection) -> Action {
    withSocket(&connection) { _, socket in socket.close(1001, "the server shuts down") }
    return .none
  }

  consuming func closed(_ connection: inout Connection, _ error: (any Error)?) {
    _ = link.beginClosing()
    program.closed(code, error)
  }

  private mutating func take(
    _ event: MessageReader.Event, _ connection: inout Connection
  ) throws(WebSocketFailure) -> Action {
    switch event {
    case .text, .binary:
      var message = WebSocketMessage(isText: event == .text, bytes: RingBuffer())
      swap(&message.bytes, &reader.message)
      // A client that was told of the close is not listened to.
      if !link.isClosing { withSocket(&connection) { program, socket in program.received(&message, &socket) } }
      message.bytes.removeAll()
      swap(&message.bytes, &reader.message)
    case .ping:
      if !link.isClosing { connection.write(FrameHeader.controlFrame(.pong, reader.control)) }
    case .pong:
      break
    case .close:
      code = try Self.code(of: reader.control)
      if link.beginClosing() { connection.write(FrameHeader.controlFrame(.close, Array(reader.control.prefix(2)))) }
      return .close
    }
    return .none
  }

  /// The code of a client's close; `nil` if it has none.
  private static func code(of payload: [UInt8]) throws(WebSocketFailure) -> UInt16? {
    if payload.isEmpty { return nil }
    guard payload.count >= 2 else { throw .violation("a close has half a code") }
    let code = UInt16(payload[0]) << 8 | UInt16(payload[1])
    guard 1000...1003 ~= code || 1007...1014 ~= code || 3000...4999 ~= code else {
      throw .violation("the code of a close is reserved")
    }
    guard (try? UTF8Span(validating: payload.span.extracting(droppingFirst: 2))) != nil else {
      throw WebSocketFailure(code: 1007, reason: "the reason of a close is not UTF-8")
    }
    return code
  }

  /// Gives the client its time, where a close has been sent.
  private mutating func waitForClose(_ connection: inout Connection) {
    guard link.isClosing, !waitsForClose else { return }
    waitsForClose = true
    connection.setTimeout(options.closeTimeout)
  }

  private mutating func withSocket(
    _ connection: inout Connection, _ body: (WebSocketProgram, inout WebSocket) -> Void
  ) {
    unsafe withUnsafeMutablePointer(to: &connection) { connection in
      var socket = unsafe WebSocket(connection, link)
      body(program, &socket)
    }
    waitForClose(&connection)
  }
}
