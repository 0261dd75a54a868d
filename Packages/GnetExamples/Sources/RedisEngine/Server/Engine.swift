public import Gnet
internal import Synchronization

/// A server of the redis protocol for Gnet: the state that all loops share.
public final class Engine: Sendable {
  let keyspace = Keyspace()
  let clients = ClientRegistry()
  let channels = Channels()
  let figures = Figures()
  let startedAt = Clock.seconds
  /// The number of this run, 40 digits.
  let runID = String((0..<40).map { _ in "0123456789abcdef".randomElement()! })
  private let running = Mutex<Server?>(nil)
  private let counters = Mutex<[CommandCounter]>([])

  /// Creates a server with empty databases.
  public init() {}

  /// The protocol, as Gnet serves it.
  public var service: Service {
    Service(perLoop: { _ in LoopState(self) }) { connection, loop in
      Session(self.clients.add(connection), of: self, on: loop)
    }
  }

  /// Begins to remove expired keys, and to tell the figures of `server`; to be called once.
  public func start(on server: Server) {
    running.withLock { $0 = server }
    server.loops[0].every(.milliseconds(100)) { [self] in
      keyspace.sweep()
      figures.sample(commandCount: commandCount)
    }.keep()
  }

  /// The running server.
  var server: Server? { running.withLock { $0 } }

  /// Counts the commands of one more loop.
  func add(_ counter: CommandCounter) { counters.withLock { $0.append(counter) } }

  /// The number of commands so far.
  var commandCount: Int { counters.withLock { $0.reduce(0) { $0 + $1.value } } }
}

/// The number of commands of one loop, written by that loop alone.
final class CommandCounter: Sendable {
  private let count = Atomic<Int>(0)
  var value: Int { count.load(ordering: .relaxed) }
  func increment() { count.store(count.load(ordering: .relaxed) &+ 1, ordering: .relaxed) }
}
