// Echoes lines until UPGRADE; then the connection leaves the loop for a thread that echoes bytes.
import ArgumentParser
import ExampleSupport
import Foundation
import Gnet

@main
struct Upgrade: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "upgrade", abstract: "Echoes lines until UPGRADE, then bytes, on a thread of the connection's own.")

  @OptionGroup var server: ServerArguments

  func run() throws {
    var events = Events()
    events.onLine(maximum: 65536) { connection, line in
      if line == Array("UPGRADE".utf8) {
        connection.write("upgraded\n")
        return .detach
      }
      connection.write(line + [UInt8(ascii: "\n")])
      return .none
    }
    events.onDetached = { _, connection in
      Thread.detachNewThread { Self.echo(connection) }
      return .none
    }
    try server.serve(events, defaultAddress: "tcp://:9000")
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
