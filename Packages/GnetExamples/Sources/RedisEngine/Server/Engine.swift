public import Gnet
internal import RingBuffer
internal import Synchronization

/// A server of the redis protocol for Gnet: the state that all loops share.
public final class Engine: Sendable {
  let keyspace = Keyspace()
  let clients = ClientRegistry()
  let startedAt = Clock.seconds
  private let running = Mutex<Server?>(nil)
  private let counters = Mutex<[CommandCounter]>([])

  /// Creates a server with empty databases.
  public init() {}

  /// The options of Gnet for this server.
  public static var options: Options { Options() }

  /// The callbacks of the server.
  public var events: Events {
    let loops = Loops()
    var events = Events()
    events.onInitComplete = { server in
      self.running.withLock { $0 = server }
      loops.all = (0..<server.loopCount).map { _ in Loop(self) }
      self.counters.withLock { $0 = loops.all.map { loop in loop.state.counter } }
      return .none
    }
    events.onOpened = { connection in
      connection.context = Session(
        self.clients.add(address: "\(connection.remoteAddress)", localAddress: "\(connection.localAddress)"))
      return .none
    }
    events.onClosed = { connection, _ in
      if let session = connection.context as? Session { self.clients.remove(session.client) }
      return .none
    }
    events.react = { connection, input in
      guard let session = connection.context as? Session else { return .close }
      return loops.all[connection.loopIndex].state.react(session, &connection, &input)
    }
    events.preWrite = { connection, _ in
      // A peer that has taken output may be sent the answers to its waiting requests.
      if let session = connection.context as? Session, session.isStalled { connection.wake() }
    }
    events.tick = {
      self.keyspace.sweep()
      return (.milliseconds(100), .none)
    }
    return events
  }

  /// The running server.
  var server: Server? { running.withLock { $0 } }

  /// The number of commands so far.
  var commandCount: Int { counters.withLock { $0.reduce(0) { $0 + $1.value } } }
}

/// A connection's state on its loop.
final class Session {
  let client: Client
  /// The request that has arrived in part; `nil` if there is none.
  var partial: PartialRequest?
  /// Whether requests wait until the peer has taken answers.
  var isStalled = false

  init(_ client: Client) { self.client = client }
}

/// A request that has arrived in part. An object of its own, since most connections never have one.
final class PartialRequest {
  var parser = RequestParser()
}

/// The number of commands of one loop, written by that loop alone.
final class CommandCounter: Sendable {
  private let count = Atomic<Int>(0)
  var value: Int { count.load(ordering: .relaxed) }
  func increment() { count.store(count.load(ordering: .relaxed) &+ 1, ordering: .relaxed) }
}

/// The state of a loop, where the callbacks find it.
private final class Loop {
  var state: LoopState
  init(_ engine: Engine) { state = LoopState(engine) }
}

// Set before any loop runs. Each element is used by the thread of its loop only.
private final class Loops: @unchecked Sendable {
  var all: [Loop] = []
}
