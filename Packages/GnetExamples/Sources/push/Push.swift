// Sends everyone who is connected a line with the time, each --interval MS.
import ArgumentParser
import ExampleSupport
import Foundation
import Gnet

@main
struct Push: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "push", abstract: "Sends everyone who is connected a line with the time, again and again.")

  @OptionGroup var server: ServerArguments

  @Option(help: ArgumentHelp("The milliseconds between two lines, 1 to 86400000.", valueName: "ms"))
  var interval = 1000

  func validate() throws {
    guard 1...86_400_000 ~= interval else { throw ValidationError("--interval must be from 1 to 86400000.") }
  }

  func run() throws {
    let interval = Duration.milliseconds(interval)
    try server.serve(Service { _ in Clock(interval: interval) }, defaultAddress: "tcp://:9000", options: Self.options)
  }

  static var options: Options {
    var options = Options()
    // A client may end its side of the stream and still listen.
    options.allowHalfClosure = true
    // Old times are not worth keeping for slow clients.
    options.outboundHighWatermark = 16 << 10
    options.outboundLowWatermark = 4 << 10
    return options
  }
}

/// The connection of a client that wants to know the time.
struct Clock: ConnectionHandler {
  let interval: Duration

  mutating func opened(_ connection: inout Connection) -> Action {
    connection.setTimeout(interval)
    return .none
  }

  mutating func timedOut(_ connection: inout Connection) -> Action {
    // A client that does not read fast enough misses this line.
    if !connection.isOutputFull {
      connection.write("\(Date.now.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))\n")
    }
    connection.setTimeout(interval)
    return .none
  }

  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    input.removeAll()
    return .none
  }

  /// Goes on until the client leaves.
  mutating func shuttingDown(_ connection: inout Connection) -> Action { .none }
}
