internal import CLoad

/// An exchange as bytes: what to send, and what has to come back.
struct Script {
  let requests: Pattern
  let replies: Pattern
  let requestSize: Int
  let replySize: Int

  /// The starting points of connections in the patterns: each at another position, so that bytes of another connection
  /// are noticed.
  private let start: Start

  /// The exchange of a connection before its first request.
  private let handshake: WebSocketHandshake?

  private enum Start {
    case anywhere
    case beginning
    /// At the start of one of `of` messages.
    case message(of: Int)
  }

  /// The most bytes that one call sends or receives.
  static let reach = 1 << 18

  init(_ exchange: Plan.Exchange, target: Target) throws(LoadError) {
    switch exchange {
    case .echo(let size):
      self.init(noise: size)
    case .redisSet(let size):
      self.init(Self.redisSet(size), "+OK\r\n")
    case .redisGet(let size):
      let value = Self.redisValue(size)
      let reply = try Self.ask(target, Array(Self.redisSet(size).utf8)) { $0.count >= 5 ? 5 : nil }
      if reply != Array("+OK\r\n".utf8) { throw LoadError("SET was answered with \(Self.quoted(reply))") }
      self.init("*2\r\n$3\r\nGET\r\n$\(Self.key.utf8.count)\r\n\(Self.key)\r\n", "$\(size)\r\n\(value)\r\n")
    case .http(let path, let body):
      let request = "GET \(path) HTTP/1.1\r\nHost: localhost\r\nAccept: text/plain\r\n\r\n"
      let reply = try Self.ask(target, Array(request.utf8)) { HTTPReply($0)?.count }
      guard let parsed = HTTPReply(reply), parsed.status == 200, parsed.body == Array(body.utf8) else {
        throw LoadError("GET \(path) should be answered with 200 and \"\(body)\", not with \(Self.quoted(reply))")
      }
      self.init(Array(request.utf8), reply, variable: parsed.date)
    case .post(let path, let size):
      let head = "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(size)\r\n\r\n"
      let request = Array(head.utf8) + Pattern.noise(size)
      let reply = try Self.ask(target, request) { HTTPReply($0)?.count }
      guard let parsed = HTTPReply(reply), parsed.status == 200, parsed.body == Array("\(size)".utf8) else {
        throw LoadError("POST \(path) should be answered with 200 and \"\(size)\", not with \(Self.quoted(reply))")
      }
      self.init(request, reply, variable: parsed.date)
    case .webSocket(let path, let size):
      self.init(messages: WebSocketMessages(size: size), at: path)
    }
  }

  private init(noise size: Int) {
    requests = Pattern.noise(reach: Self.reach)
    replies = requests
    (requestSize, replySize, start, handshake) = (size, size, .anywhere, nil)
  }

  private init(messages: WebSocketMessages, at path: String) {
    requests = Pattern(repeating: messages.masked, reach: Self.reach)
    replies = Pattern(repeating: messages.plain, reach: Self.reach)
    (requestSize, replySize) = (requests.period / messages.count, replies.period / messages.count)
    start = .message(of: messages.count)
    handshake = WebSocketHandshake(path: path)
  }

  /// The positions where the connection with this number starts, in the requests and in the replies.
  func origin(of index: Int) -> (request: Int, reply: Int) {
    switch start {
    case .beginning: return (0, 0)
    case .anywhere:
      let place = index * 7919 % requests.period
      return (place, place)
    case .message(let count): return (index % count * requestSize, index % count * replySize)
    }
  }

  /// Prepares a new connection for its first request.
  func open(_ stream: Stream, _ target: Target) throws(LoadError) {
    guard let handshake else { return }
    let reply = try Self.ask(target, on: stream, Array(handshake.request.utf8), length: WebSocketHandshake.length)
    if !WebSocketHandshake.isAccepted(reply) {
      throw LoadError("\(target) should take up WebSocket, and answered with \(Self.quoted(reply))")
    }
  }

  private init(_ request: String, _ reply: String) {
    self.init(Array(request.utf8), Array(reply.utf8))
  }

  private init(_ request: [UInt8], _ reply: [UInt8], variable: Range<Int> = 0..<0) {
    requests = Pattern(repeating: request, reach: Self.reach)
    replies = Pattern(repeating: reply, reach: Self.reach, variable: variable)
    (requestSize, replySize, start, handshake) = (request.count, reply.count, .beginning, nil)
  }

  private static let key = "key:000000000001"

  private static func redisValue(_ size: Int) -> String { String(repeating: "x", count: size) }

  private static func redisSet(_ size: Int) -> String {
    "*3\r\n$3\r\nSET\r\n$\(key.utf8.count)\r\n\(key)\r\n$\(size)\r\n\(redisValue(size))\r\n"
  }

  /// Makes one request on a connection of its own. `length` says how long the reply is, once that can be told.
  private static func ask(
    _ target: Target, _ request: [UInt8], length: ([UInt8]) -> Int?
  ) throws(LoadError) -> [UInt8] {
    var stream = try target.connect()
    defer { stream.close() }
    return try ask(target, on: stream, request, length: length)
  }

  private static func ask(
    _ target: Target, on stream: Stream, _ request: [UInt8], length: ([UInt8]) -> Int?
  ) throws(LoadError) -> [UInt8] {
    var (reply, chunk, unsent) = ([UInt8](), [UInt8](repeating: 0, count: 65536), request[...])
    let deadline = cload_now() + 5_000_000_000
    while true {
      if !unsent.isEmpty {
        let sent = unsent.withUnsafeBytes { stream.send($0.baseAddress, $0.count) }
        if sent < 0, !Stream.isTemporary(sent) { throw LoadError("sending to \(target)", sent) }
        unsent = unsent.dropFirst(max(0, sent))
      }
      let received = stream.receive(&chunk, chunk.count)
      if received > 0 {
        reply += chunk[..<received]
        if let length = length(reply), reply.count >= length {
          if reply.count > length { throw LoadError("\(target) sent more than one reply to one request") }
          return reply
        }
      } else if received == 0 {
        throw LoadError("\(target) closed the connection after \(quoted(reply))")
      } else if received != Platform.wouldBlock {
        throw LoadError("receiving from \(target)", received)
      } else if cload_now() > deadline {
        throw LoadError("\(target) did not answer the first request within 5 seconds, or not whole: \(quoted(reply))")
      } else {
        Platform.pause()
      }
    }
  }

  private static func quoted(_ bytes: [UInt8]) -> String {
    bytes.isEmpty ? "nothing" : String(decoding: bytes.prefix(200), as: UTF8.self).debugDescription
  }
}
