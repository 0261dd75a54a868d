import Gnet
import Synchronization

/// The way from a client to a backend.
final class Dialing: Sendable {
  private let backends: Backends
  private let options: ConnectOptions
  private let header: ProxyHeader.Version?
  /// Whether a check brings a backend back that has refused.
  private let hasChecks: Bool

  init(backends: Backends, options: ConnectOptions, header: ProxyHeader.Version?, hasChecks: Bool) {
    self.backends = backends
    self.options = options
    self.header = header
    self.hasChecks = hasChecks
  }

  /// Connects a client to a backend, and to the next one where that fails. With none left, the client is closed.
  func dial(for client: inout Connection, except tried: [Backend] = []) {
    guard let backend = backends.choose(for: client.remoteAddress, except: tried) else { return client.close() }
    let front = client.handle
    let greeting = header.map { version in
      ProxyHeader(source: client.remoteAddress, destination: client.localAddress).encoded(version)
    }
    let service = Service { _ in Back(backend: backend, front: front, greeting: greeting) }
    client.loop.connect(to: backend.address, options: options, service) { [self] error in
      if hasChecks { backend.set(isUp: false, error) }
      front.withConnection { dial(for: &$0, except: tried + [backend]) }
    }
  }
}

/// A client whose backend is not there yet. What it sends waits, and goes to the backend that takes the connection.
struct Front: ConnectionHandler {
  let dialing: Dialing

  static var isFullDuplex: Bool { true }

  mutating func opened(_ connection: inout Connection) -> Action {
    connection.isReadingPaused = true
    dialing.dial(for: &connection)
    return .none
  }

  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action { .none }

  mutating func shuttingDown(_ connection: inout Connection) -> Action { .none }
}

/// The connection to a backend.
struct Back: ConnectionHandler {
  let backend: Backend
  let front: ConnectionHandle
  let greeting: [UInt8]?
  var relay: Relay

  init(backend: Backend, front: ConnectionHandle, greeting: [UInt8]?) {
    self.backend = backend
    self.front = front
    self.greeting = greeting
    relay = Relay(to: front)
    backend.connectionCount.add(1, ordering: .relaxed)
  }

  static var isFullDuplex: Bool { true }

  mutating func opened(_ connection: inout Connection) -> Action {
    if let greeting { connection.write(greeting) }
    let back = connection.handle
    let client: Void? = front.withConnection { client in
      client.isReadingPaused = false
      client.become(Service { _ in Relay(to: back) })
    }
    return client == nil ? .close : .none
  }

  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    relay.react(&connection, &input)
  }

  mutating func drained(_ connection: inout Connection) -> Action { relay.drained(&connection) }

  mutating func shuttingDown(_ connection: inout Connection) -> Action { relay.shuttingDown(&connection) }

  consuming func closed(_ connection: inout Connection, _ error: (any Error)?) {
    backend.connectionCount.subtract(1, ordering: .relaxed)
    relay.closed(&connection, error)
  }
}
