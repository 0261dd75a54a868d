public import Gnet
internal import RingBuffer
internal import Synchronization

/// A server of the redis protocol, to be run by Gnet: what all its loops share.
public final class Engine: Sendable {
  let keyspace = Keyspace()
  let clients = ClientRegistry()
  let startedAt = Clock.seconds
  private let running = Mutex<Server?>(nil)
  private let counters = Mutex<[CommandCounter]>([])

  /// Creates one with empty databases.
  public init() {}

  /// How Gnet is to run it.
  public static var options: Options { Options() }

  /// The callbacks that serve it.
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
      // Requests that wait for the peer to take answers are looked at again whenever it takes some.
      if let session = connection.context as? Session, session.isStalled { connection.wake() }
    }
    events.tick = {
      self.keyspace.sweep()
      return (.milliseconds(100), .none)
    }
    return events
  }

  /// The server that runs it.
  var server: Server? { running.withLock { $0 } }

  /// The commands run so far.
  var commandCount: Int { counters.withLock { $0.reduce(0) { $0 + $1.value } } }
}

/// A connection's state on its loop.
final class Session {
  let client: Client
  /// The request of which only a part has arrived.
  var partial: PartialRequest?
  /// Whether requests wait until the peer has taken answers.
  var isStalled = false

  init(_ client: Client) { self.client = client }
}

/// A request that is to be gone on with; an object of its own, since most connections never have one.
final class PartialRequest {
  var parser = RequestParser()
}

/// How many commands one loop has run: written by that loop alone.
final class CommandCounter: Sendable {
  private let count = Atomic<Int>(0)
  var value: Int { count.load(ordering: .relaxed) }
  func increment() { count.store(count.load(ordering: .relaxed) &+ 1, ordering: .relaxed) }
}

/// A loop's state where the callbacks find it.
private final class Loop {
  var state: LoopState
  init(_ engine: Engine) { state = LoopState(engine) }
}

// Set before any loop runs; each of them is used by its own thread only.
private final class Loops: @unchecked Sendable {
  var all: [Loop] = []
}
