// A server as a service of swift-service-lifecycle: at SIGTERM, requests under way are answered first.
import Gnet
import Logging
import ServiceLifecycle

/// Answers each line after half a second, as if a database had to be asked.
struct Session: ConnectionHandler {
  /// The line that is being answered.
  var line: [UInt8]?

  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    guard line == nil, let end = input.firstIndex(of: UInt8(ascii: "\n")) else {
      return input.count > 4096 ? .close : .none
    }
    line = input.read(end + 1)
    connection.setTimeout(.milliseconds(500))
    return .none
  }

  mutating func timedOut(_ connection: inout Connection) -> Action {
    connection.write(line ?? [])
    line = nil
    connection.wake()  // the next line may have arrived
    return connection.isShuttingDown ? .close : .none
  }

  /// Closes idle connections at once, and others after their answers.
  mutating func shuttingDown(_ connection: inout Connection) -> Action { line == nil ? .close : .none }
}

/// The server as a service. Gnet has a type `Service`, too.
struct LineServer: ServiceLifecycle.Service {
  let address: String
  let logger: Logger

  func run() async throws {
    // Cancelling the task shuts the server down in order.
    try await cancelWhenGracefulShutdown {
      try await Server.run([Listener(address, Gnet.Service { _ in Session() })]) { server in
        logger.info("listening on \(server.addresses[0])")
      }
    }
  }
}

@main
struct Main {
  static func main() async throws {
    let logger = Logger(label: "lines")
    let server = LineServer(address: CommandLine.arguments.dropFirst().first ?? "tcp://:9000", logger: logger)
    let group = ServiceGroup(services: [server], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    try await group.run()
  }
}
