import GnetHTTP
import TestPeers
import TestSupport
import Testing

@Suite("A service of WebSocket, with clients that others have written")
struct ForeignSocketTests {
  /// Sends every message back, and closes for `close`.
  private struct Echo: WebSocketHandler {
    mutating func opened(_ socket: inout WebSocket) { socket.send("welcome") }

    mutating func received(_ message: inout WebSocketMessage, _ socket: inout WebSocket) {
      if message.isText, message.text == "close" { return socket.close(4000, "as you wish") }
      socket.send(moving: &message)
    }
  }

  /// Runs a script of Python against the service at `/ws`; it must print `done`.
  private func run(_ script: String, by python: String?) throws {
    let echo = WebSocketService { _ in Echo() }
    var router = Router()
    router.get("/ws") { request in echo.upgrade(request) }
    try withServer(.http(router), loops: 2) { server in
      let port = try #require(server.addresses[0].port)
      let program = try Program(try #require(python), ["-c", script + "\nprint('done')", "\(port)"])
      #expect(program.outputToEnd() == Array("done\n".utf8), "\(program.errorsToEnd())")
    }
  }

  private static let withWebsockets = Python.installed(with: "websockets")
  private static let withWsproto = Python.current(with: "wsproto")

  @Test("websockets for Python", .enabled(if: withWebsockets != nil, "websockets for Python is not there"))
  func websockets() throws {
    let script = """
      import asyncio, sys, websockets
      async def main():
          async with websockets.connect(f"ws://127.0.0.1:{sys.argv[1]}/ws", compression="deflate") as ws:
              assert await ws.recv() == "welcome"
              for message in ["", "text ä", b"bytes", b"x" * 1000000, "y" * 70000]:
                  await ws.send(message)
                  assert await ws.recv() == message
              await ws.send(["frag", "ments"])
              assert await ws.recv() == "fragments"
              await (await ws.ping())
              await ws.send("close")
              try: await ws.recv()
              except websockets.ConnectionClosed as closed: assert closed.rcvd.code == 4000
              else: raise AssertionError("open")
          async with websockets.connect(f"ws://127.0.0.1:{sys.argv[1]}/ws") as ws: pass
          assert ws.close_code == 1000
      asyncio.run(main())
      """
    try run(script, by: Self.withWebsockets)
  }

  @Test(
    "wsproto, which does no input or output itself",
    .enabled(if: withWsproto != nil, "wsproto could not be had from the package index"))
  func wsproto() throws {
    let script = """
      import socket, sys
      from wsproto import ConnectionType, WSConnection
      from wsproto.events import (
          AcceptConnection, BytesMessage, CloseConnection, Ping, Pong, RejectConnection, Request, TextMessage)
      from wsproto.extensions import PerMessageDeflate
      class Client:
          def __init__(self, target, extensions=()):
              self.socket = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 60)
              self.protocol, self.events = WSConnection(ConnectionType.CLIENT), []
              self.send(Request(host="x", target=target, extensions=list(extensions)))
          def send(self, event): self.socket.sendall(self.protocol.send(event))
          def receive(self):
              while not self.events:
                  self.protocol.receive_data(self.socket.recv(65536) or None)
                  self.events += self.protocol.events()
              return self.events.pop(0)
          def message(self, kind):
              parts = []
              while not parts or not parts[-1].message_finished:
                  parts.append(self.receive())
                  assert isinstance(parts[-1], kind), parts
              return parts[0].data[:0].join(part.data for part in parts)
      client = Client("/ws", [PerMessageDeflate()])
      accepted = client.receive()
      assert isinstance(accepted, AcceptConnection) and not accepted.extensions, accepted
      assert client.message(TextMessage) == "welcome"
      for text in ["", "text ä", "y" * 70000]:
          client.send(TextMessage(text))
          assert client.message(TextMessage) == text
      for data in [b"", b"bytes", bytes(range(256)) * 3000]:
          client.send(BytesMessage(data))
          assert client.message(BytesMessage) == data
      client.send(TextMessage("frag", message_finished=False))
      client.send(Ping(b"among"))
      client.send(TextMessage("ments"))
      assert client.receive() == Pong(b"among")
      assert client.message(TextMessage) == "fragments"
      client.send(CloseConnection(1000, "bye"))
      assert client.receive().code == 1000 and client.socket.recv(1) == b""
      told = Client("/ws")
      assert isinstance(told.receive(), AcceptConnection) and told.message(TextMessage) == "welcome"
      told.send(TextMessage("close"))
      closed = told.receive()
      assert closed == CloseConnection(4000, "as you wish"), closed
      told.send(closed.response())
      assert told.socket.recv(1) == b""
      refused = Client("/nothing").receive()
      assert isinstance(refused, RejectConnection) and refused.status_code == 404, refused
      """
    try run(script, by: Self.withWsproto)
  }
}
