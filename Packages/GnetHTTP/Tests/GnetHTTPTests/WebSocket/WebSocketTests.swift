import GnetHTTP
import Synchronization
import TestPeers
import TestSupport
import Testing

@Suite("A service of WebSocket")
struct WebSocketTests {
  /// Sends every message back; `close` and `flood` are commands.
  private struct Echo: WebSocketHandler {
    let log: Log<String>

    mutating func opened(_ socket: inout WebSocket) { socket.send("welcome") }

    mutating func received(_ message: inout WebSocketMessage, _ socket: inout WebSocket) {
      switch message.isText ? message.text : "" {
      case "close": socket.close(4000, "as you wish")
      case "later":
        let handle = socket.handle
        TestThread.detach { for number in 0..<3 { handle.send("\(number)") } }
      default: socket.send(moving: &message)
      }
    }

    consuming func closed(_ code: UInt16?, _ error: (any Error)?) { log.add("\(code ?? 0) \(error == nil)") }
  }

  private func withSockets(
    _ options: WebSocketOptions = WebSocketOptions(), server: Options = .http,
    _ body: (Server, Log<String>) throws -> Void
  ) throws {
    let log = Log<String>()
    let echo = WebSocketService(options: options) { _ in Echo(log: log) }
    var router = Router()
    router.get("/ws") { request in echo.upgrade(request) }
    try withServer(.http(router), options: server) { server in try body(server, log) }
  }

  private static let handshake = get(
    "/ws",
    "Upgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")

  /// A server's frame of a text of less than 126 bytes.
  private func text(_ text: String) -> [UInt8] { [0x81, UInt8(text.utf8.count)] + text.utf8 }

  /// Receives up to and with `bytes`; fails the test if something else comes.
  private func expect(_ bytes: [UInt8], from client: HTTPClient) throws {
    let received = try client.client.receive(exactly: bytes.count)
    #expect(received == bytes)
  }

  private func open(_ server: Server) throws -> HTTPClient {
    let client = try server.connect()
    client.send(Self.handshake)
    let head = try client.client.receive(exactly: Self.answerCount)
    let answer = String(decoding: head, as: UTF8.self)
    #expect(answer.hasPrefix("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"))
    #expect(answer.contains("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"))
    #expect(answer.hasSuffix(" GMT\r\n\r\n"))
    try expect(text("welcome"), from: client)
    return client
  }

  private static let answerCount = [
    "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "Date: Sun, 06 Nov 1994 08:49:37 GMT", "",
  ].map { $0.utf8.count + 2 }.reduce(0, +)

  @Test("takes a connection over, also with frames behind the request, and sends from any thread")
  func echo() throws {
    try withSockets { server, log in
      let client = try open(server)
      client.send(frame(1, Array("hel".utf8), isFinal: false) + frame(9, [1, 2]) + frame(0, Array("lo".utf8)))
      try expect([0x8A, 2, 1, 2] + text("hello"), from: client)
      client.send(frame(1, Array("later".utf8)))
      try expect(text("0") + text("1") + text("2"), from: client)
      let large = [UInt8](repeating: 65, count: 70_000)
      client.send(frame(2, large))
      try expect([0x82, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x70] + large, from: client)
      client.send(frame(8, [3, 232] + "bye".utf8))
      try expect([0x88, 2, 3, 232], from: client)
      #expect(client.isAtEnd())
      try require("the handler is told") { log.values == ["1000 true"] }

      let eager = try server.connect()
      eager.send(Array(Self.handshake.utf8) + frame(1, Array("now".utf8)))
      _ = try eager.client.receive(exactly: Self.answerCount)
      try expect(text("welcome") + text("now"), from: eager)
    }
  }

  @Test("closes with a code: its own, and that of what it refuses")
  func closing() throws {
    try withSockets { server, _ in
      for (bytes, code) in [
        (frame(1, Array("close".utf8)), 4000), (frame(1, [0xFF]), 1007), (frame(3, []), 1002), (frame(8, [3]), 1002),
        (frame(8, [3, 237]), 1002), (frame(8, [3, 232, 0xFF]), 1007),
        (Array(frame(2, [UInt8](repeating: 0, count: 1 << 20 + 1)).prefix(20)), 1009),
      ] as [([UInt8], Int)] {
        let client = try open(server)
        client.send(bytes)
        let header = try client.client.receive(exactly: 4)
        #expect(header[0] == 0x88 && Int(header[2]) << 8 | Int(header[3]) == code)
        if code == 4000 { client.send(frame(8, [15, 160])) }
        while let rest = client.receive(), !rest.isEmpty {}
      }
    }
  }

  @Test("ends the connection of a client that is silent, or that does not answer a close")
  func silence() throws {
    var options = WebSocketOptions()
    options.pingInterval = .milliseconds(100)
    options.closeTimeout = .milliseconds(100)
    try withSockets(options) { server, log in
      let client = try open(server)
      try expect([0x89, 0], from: client)
      client.send(frame(10, []))
      try expect([0x89, 0], from: client)
      try require("the silent client is cut") { log.values == ["0 false"] }
      let stubborn = try open(server)
      stubborn.send(frame(1, Array("close".utf8)))
      try require("the stubborn client is cut") { log.values.count == 2 }
    }
  }

  @Test("tells its clients of a shutdown")
  func shutdown() throws {
    try withSockets { server, _ in
      let client = try open(server)
      server.shutdown()
      let header = try client.client.receive(exactly: 4)
      #expect(header[0] == 0x88 && Int(header[2]) << 8 | Int(header[3]) == 1001)
      client.send(frame(8, [3, 233]))
      while let rest = client.receive(), !rest.isEmpty {}
    }
  }

  @Test("refuses requests that are no handshake")
  func refusals() throws {
    try withSockets { server, _ in
      for (old, new, status) in [
        ("Upgrade: WebSocket\r\n", "", 426), ("keep-alive, Upgrade", "close", 426), ("Version: 13", "Version: 8", 426),
        ("dGhlIHNhbXBsZSBub25jZQ==", "short", 400), ("GET", "POST", 405),
      ] {
        let response = try server.answer(Self.handshake.replacing(old, with: new))
        #expect(response.status == status, "\(new)")
        #expect(status != 426 || response.fields["sec-websocket-version"] == "13")
      }
    }
  }

  @Test("does not receive from a client that does not read")
  func slowReader() throws {
    var options = Options.http
    options.socketSendBuffer = 64 << 10
    var silent = WebSocketOptions()
    silent.pingInterval = nil
    try withSockets(silent, server: options) { server, _ in
      let client = try open(server)
      let message = frame(2, [UInt8](repeating: 7, count: 60_000))
      let count = 150
      let sender = client.client.sendInBackground(Array([[UInt8]](repeating: message, count: count).joined()))
      var last: UInt64 = 0
      try require("the server waits") {
        defer { last = server.loops[0].statistics.bytesRead }
        TestThread.sleep(milliseconds: 100)
        return last > 1 << 20 && last == server.loops[0].statistics.bytesRead
      }
      #expect(server.loops[0].statistics.pendingOutputBytes <= 3 << 20)
      var missing = (60_000 + 4) * count
      while missing > 0, let bytes = client.receive(), !bytes.isEmpty { missing -= bytes.count }
      #expect(missing == 0)
      sender.join()
    }
  }
}
