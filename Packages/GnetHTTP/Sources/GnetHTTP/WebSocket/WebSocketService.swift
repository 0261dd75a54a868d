public import Gnet
internal import HTTPTypes

/// A service of WebSocket (RFC 6455), which takes connections over from HTTP.
///
/// ```swift
/// struct Echo: WebSocketHandler {
///   mutating func received(_ message: inout WebSocketMessage, _ socket: inout WebSocket) { socket.send(moving: &message) }
/// }
///
/// let echo = WebSocketService { _ in Echo() }
/// router.get("/ws") { request in echo.upgrade(request) }
/// ```
///
/// Extensions and subprotocols are not negotiated: messages are never compressed.
public struct WebSocketService: Sendable {
  private let service: Service

  /// Creates a service with a handler per connection.
  ///
  /// - Parameters:
  ///   - options: the settings.
  ///   - make: makes the handler of a connection, on its loop, right before `opened`.
  public init<Handler: WebSocketHandler & ~Copyable>(
    options: WebSocketOptions = WebSocketOptions(), _ make: @escaping @Sendable (inout Connection) -> Handler
  ) {
    service = Service(perLoop: { _ in WebSocketLoop() }) { connection, loop in
      WebSocketSession(HandlerProgram(make(&connection)), options, on: loop)
    }
  }

  /// The answer to a request for WebSocket: the connection speaks WebSocket behind it. A request that asks for something
  /// else is refused, with 426 or 400.
  public func upgrade(_ request: borrowing Request) -> Response {
    guard request.method == .get, !request.head.isHTTP10, request.head.bodyFraming == .none,
      request[.upgrade].contains(token: "websocket"), request[.connection].contains(token: "upgrade"),
      request[.webSocketVersion] == "13"
    else {
      return Response(
        .upgradeRequired, "426 Upgrade Required: this is spoken to by WebSocket, version 13.\n",
        fields: [.upgrade: "websocket", .webSocketVersion: "13"])
    }
    guard let key = request[.webSocketKey], key.utf8.count == 24, key.hasSuffix("==") else {
      return Response(Refusal(.badRequest, "the Sec-WebSocket-Key is malformed"))
    }
    let accept = Base64.encode(SHA1.digest(Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)))
    let head = """
      HTTP/1.1 101 Switching Protocols\r
      Upgrade: websocket\r
      Connection: Upgrade\r
      Sec-WebSocket-Accept: \(accept)\r

      """
    return Response(.upgrade(UpgradeAnswer(head: Array(head.utf8), service: service)))
  }
}

/// The settings of a service of WebSocket.
public struct WebSocketOptions: Sendable {
  /// Creates the default options.
  public init() {}

  /// The most bytes of a message, all its fragments together. A longer one closes the connection with 1009.
  public var messageLimit = 1 << 20

  /// The silence after which the client is pinged. After as long without a byte, the connection ends. `nil`: never.
  public var pingInterval: Duration? = .seconds(30)

  /// The time that a client has to answer a close.
  public var closeTimeout: Duration = .seconds(5)
}

/// The answer with which another protocol takes a connection over.
final class UpgradeAnswer: Sendable {
  let head: [UInt8]
  let service: Service

  init(head: [UInt8], service: Service) {
    self.head = head
    self.service = service
  }
}

extension HTTPField.Name {
  fileprivate static let webSocketVersion = HTTPField.Name("Sec-WebSocket-Version")!
  fileprivate static let webSocketKey = HTTPField.Name("Sec-WebSocket-Key")!
}

extension String? {
  /// Whether a list has a token, in any case.
  fileprivate func contains(token: String) -> Bool {
    guard let self else { return false }
    return self.split(separator: ",").contains { part in
      String(part).split { $0 == " " || $0 == "\t" }.map { $0.lowercased() } == [token]
    }
  }
}
