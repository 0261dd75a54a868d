// Sends everyone who is connected a line with the time, each --interval MS.
import ArgumentParser
import ExampleSupport
import Foundation
import Gnet

@main
struct Push: ServerProgram {
  static let summary = "Sends everyone who is connected a line with the time, again and again."

  @Option(in: 1...86_400_000, help: "The milliseconds between two lines", valueName: "ms") var interval = 1000

  func run(_ server: ServerArguments) throws {
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
