// Ends by itself, in the way that an option says.
import ArgumentParser
import ExampleSupport
import Foundation
import Gnet
import RingBuffer
import Synchronization

@main
struct EndingServer: ServerProgram {
  static let summary = "Ends by itself, in the way that an option says."

  @Option(help: "How the server ends: at-once, shutdown, failure or never.")
  var way: Way

  func run(_ server: ServerArguments) throws {
    let ending = Ending(way)
    var options = Options()
    options.plugins = [ending]
    try server.serve(Service { _ in LastClient(ending) }, defaultAddress: "tcp://127.0.0.1:0", options: options)
  }
}

/// A way of ending.
enum Way: String, CaseIterable, ExpressibleByArgument {
  /// Shuts down before anything is served.
  case atOnce = "at-once"
  /// Shuts down when a client connects.
  case shutdown
  /// Fails when a client connects.
  case failure
  /// Blocks its loop for good when a client connects.
  case never
}

/// Ends the server in its way.
final class Ending: Plugin {
  let way: Way
  private let running = Mutex<Server?>(nil)

  init(_ way: Way) { self.way = way }

  func started(_ server: Server) {
    running.withLock { $0 = server }
    if way == .atOnce { server.shutdown() }
  }

  func fail() { running.withLock { $0 }?.shutdown(throwing: .invalidAddress("nowhere", reason: "it has gone")) }
}

/// The connection that ends the server.
struct LastClient: ConnectionHandler {
  private let ending: Ending

  init(_ ending: Ending) { self.ending = ending }

  mutating func opened(_ connection: inout Connection) -> Action {
    switch ending.way {
    case .atOnce: return .none
    case .shutdown: return .shutdown
    case .failure:
      ending.fail()
      return .none
    case .never:
      FileHandle.standardOutput.write(Data("blocked\n".utf8))
      while true { Thread.sleep(forTimeInterval: 60) }
    }
  }

  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action { .none }
}
