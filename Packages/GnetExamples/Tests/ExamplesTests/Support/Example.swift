import Foundation
import TestPeers
import Testing

/// An example that serves clients which were not written for it.
struct Example {

  let server: Program
  let port: String

  /// Starts it on a port of its own.
  init(_ name: String, loops: Int, _ arguments: [String] = []) throws {
    server = try Program(name, ["tcp://127.0.0.1:0", "--loops", "\(loops)"] + arguments)
    port = try ExamplesTests.port(in: server.line())
  }

  /// Connects nc, which then says what `send(_:)` is given. It gives up when nothing comes for long.
  func connect(_ options: String...) throws -> Program {
    try Program("nc", options + ["-w", "20", "127.0.0.1", port], input: .interactive)
  }

  /// Has nc send `input`, end its stream, and returns what it receives until the server does the same.
  func answer(to input: String) throws -> String {
    let bytes = try output(of: "nc", ["-N", "-w", "20", "127.0.0.1", port], input: Array(input.utf8))
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Runs a Python script to its end; what it asserts must hold. Returns its output.
  ///
  /// It finds `connect()`, whose sockets give up when nothing comes for long, `lines(socket)`, to read by lines,
  /// `say(socket, text)`, and `reset(socket)`, which ends a connection abruptly.
  @discardableResult
  func python(_ script: String) throws -> String {
    let prelude = """
      import random, socket, struct, sys, threading
      port = sys.argv[1]
      def connect(receive_buffer=None):
          s = socket.socket()
          s.settimeout(20)
          if receive_buffer: s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
          s.connect(("127.0.0.1", int(port)))
          return s
      def lines(s):
          file = s.makefile("rb")
          return lambda: file.readline().decode()
      def say(s, text): s.sendall(text.encode())
      def reset(s):
          s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
          s.close()
      def equal(a, b): assert a == b, f"{a!r} is not {b!r}"

      """
    let printed = try output(of: "python3", ["-I", "-c", prelude + script, port])
    return String(decoding: printed, as: UTF8.self)
  }

  /// Runs a Python script to its end, and then ends the server; both must succeed.
  func endAfterPython(_ script: String) throws {
    try python(script)
    end()
  }

  /// Asks the server to end, which must succeed. Clients of `connect()` say and get nothing more.
  func end(_ clients: Program..., by signal: Int32 = SIGTERM) {
    for client in clients { client.endInput() }
    server.signal(signal)
    #expect(server.exitCode() == 0)
    for client in clients { #expect(client.line() == nil) }
  }
}
