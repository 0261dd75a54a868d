// Ends by itself, in the way that an option says.
import ArgumentParser
import ExampleSupport
import Foundation
import Gnet
import Synchronization

@main
struct EndingServer: ParsableCommand {
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

  @OptionGroup var server: ServerArguments

  @Option(help: "How the server ends: at-once, shutdown, failure or never.")
  var way: Way

  func run() throws {
    let way = way
    let running = Mutex<Server?>(nil)
    var events = Events()
    events.onInitComplete = { server in
      running.withLock { $0 = server }
      return way == .atOnce ? .shutdown : .none
    }
    events.onOpened = { _ in
      switch way {
      case .atOnce: return .none
      case .shutdown: return .shutdown
      case .failure:
        running.withLock { $0 }?.shutdown(throwing: .invalidAddress("nowhere", reason: "it has gone"))
        return .none
      case .never:
        FileHandle.standardOutput.write(Data("blocked\n".utf8))
        while true { Thread.sleep(forTimeInterval: 60) }
      }
    }
    try server.serve(events, defaultAddress: "tcp://127.0.0.1:0")
  }
}
