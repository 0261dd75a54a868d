/// The program's part of a connection.
///
/// A class whose type does not tell the handler's: the code of a session is not generic, and looks up no type at run time.
class WebSocketProgram {
  func opened(_ socket: inout WebSocket) {}
  func received(_ message: inout WebSocketMessage, _ socket: inout WebSocket) {}
  func closed(_ code: UInt16?, _ error: (any Error)?) {}
}

/// A program's handler.
final class HandlerProgram<Handler: WebSocketHandler & ~Copyable>: WebSocketProgram {
  /// `nil` behind the end.
  private var handler: Handler?

  init(_ handler: consuming Handler) { self.handler = .some(handler) }

  override func opened(_ socket: inout WebSocket) { handler?.opened(&socket) }

  override func received(_ message: inout WebSocketMessage, _ socket: inout WebSocket) {
    handler?.received(&message, &socket)
  }

  override func closed(_ code: UInt16?, _ error: (any Error)?) {
    guard let handler = handler.take() else { return }
    handler.closed(code, error)
  }
}
