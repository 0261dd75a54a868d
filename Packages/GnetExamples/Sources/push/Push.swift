// Sends everyone who is connected a line with the time, each --interval MS.
import ArgumentParser
import ExampleSupport
import Foundation
import Gnet
import Synchronization

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
    let subscribers = Mutex<Set<ConnectionHandle>>([])
    let interval = Duration.milliseconds(interval)
    var events = Events()
    events.onOpened = { connection in
      let handle = connection.handle
      subscribers.withLock { _ = $0.insert(handle) }
      return .none
    }
    events.onClosed = { connection, _ in
      let handle = connection.handle
      subscribers.withLock { _ = $0.remove(handle) }
      return .none
    }
    // This runs on loop 0. The handles reach the connections of every loop.
    events.tick = {
      let time = Date.now.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
      let line = Array("\(time)\n".utf8)
      // A client that does not read fast enough misses this line: the result `false` is ignored.
      for subscriber in subscribers.withLock({ $0 }) { subscriber.write(line) }
      return (interval, .none)
    }
    var options = Options()
    // A client may end its side of the stream and still listen.
    options.allowHalfClosure = true
    // Old times are not worth keeping for slow clients.
    options.outboundHighWatermark = 16 << 10
    options.outboundLowWatermark = 4 << 10
    try server.serve(events, defaultAddress: "tcp://:9000", options: options)
  }
}
