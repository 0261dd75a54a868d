// Echoes lines until UPGRADE; then the connection leaves the loop for a thread that echoes bytes.
import ArgumentParser
import ExampleSupport
import Foundation
import Gnet

@main
struct Upgrade: ServerProgram {
  static let summary = "Echoes lines until UPGRADE, then bytes, on a thread of the connection's own."

  func run(_ server: ServerArguments) throws {
    try server.serve(Service { _ in LineEcho() }, defaultAddress: "tcp://:9000")
  }
}

/// A connection that echoes lines.
struct LineEcho: ConnectionHandler {
  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    connection.forEachLine(in: &input, maximum: 65536) { connection, line in
      if line == Array("UPGRADE".utf8) {
        connection.write("upgraded\n")
        return .detach
      }
      connection.write(line + [UInt8(ascii: "\n")])
      return .none
    }
  }

  /// Goes on until the client leaves.
  mutating func shuttingDown(_ connection: inout Connection) -> Action { .none }

  consuming func detached(_ connection: inout Connection, _ detached: consuming DetachedConnection) {
    let connection = detached
    Thread.detachNewThread { Self.echo(connection) }
  }

  /// Blocks in reads and writes until the end of the stream. The connection closes when it is dropped.
  private static func echo(_ connection: borrowing DetachedConnection) {
    do {
      // Bytes that arrived behind the line, before the connection was detached.
      try connection.write(connection.unreadBytes)
      while case let bytes = try connection.read(upTo: 65536), !bytes.isEmpty { try connection.write(bytes) }
    } catch {
      // The peer has gone: there is nobody to tell.
    }
  }
}
