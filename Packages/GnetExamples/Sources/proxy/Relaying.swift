import ExampleSupport
import Gnet
import Synchronization

/// The settings of the connections to backends.
final class Dialing: Sendable {
  let backends: Backends
  /// The options of all connections, those of checks included.
  let options: ConnectOptions
  /// The TLS of connections that carry clients.
  let filter: ConnectionFilter.Factory?
  let header: ProxyHeader.Version?
  /// Whether a check brings a backend back that has refused.
  let hasChecks: Bool

  init(
    _ backends: Backends, _ options: ConnectOptions, filter: ConnectionFilter.Factory?, header: ProxyHeader.Version?,
    hasChecks: Bool
  ) {
    (self.backends, self.options, self.hasChecks) = (backends, options, hasChecks)
    (self.filter, self.header) = (filter, header)
  }
}

/// A client whose backend is not there yet. Its bytes wait, and go to the backend that takes the connection.
struct Front: ConnectionHandler {
  let dialing: Dialing
  /// The backend of `attempt`, and the backends that were tried before.
  private var backend: Backend?
  private var tried: [Backend] = []
  private var attempt: ConnectionHandle?

  init(dialing: Dialing) { self.dialing = dialing }

  static var isFullDuplex: Bool { true }

  mutating func opened(_ connection: inout Connection) -> Action {
    connection.isReadingPaused = true
    return connectToNext(for: connection)
  }

  /// Called by the wake after an attempt has failed.
  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    attempt?.isOpen == true ? .none : connectToNext(for: connection)
  }

  mutating func shuttingDown(_ connection: inout Connection) -> Action { .none }

  /// Takes the attempt back: the client has gone before.
  consuming func closed(_ connection: inout Connection, _ error: (any Error)?) { attempt?.close() }

  /// Connects to the next backend. With none left, the client is closed.
  private mutating func connectToNext(for client: borrowing Connection) -> Action {
    if let backend { tried.append(backend) }
    backend = dialing.backends.choose(for: client.remoteAddress, except: tried)
    guard let backend else { return .close }
    let front = client.handle
    var greeting = dialing.header.map { version in
      ProxyHeader(source: client.remoteAddress, destination: client.localAddress).encoded(version)
    }
    var options = dialing.options
    options.filter = dialing.filter
    // A backend reads the header before TLS begins.
    if let filter = dialing.filter, let header = greeting.take() { options.filter = sending(header, before: filter) }
    let hasChecks = dialing.hasChecks
    let back = Back(backend: backend, greeting: greeting, relay: Relay(to: front))
    attempt = client.loop.connect(to: backend.address, options: options, back) { error in
      if hasChecks && error.isOfBackend { backend.set(isUp: false, error) }
      front.wake()
    }
    return .none
  }
}

/// The connection to a backend.
struct Back: ConnectionHandler {
  let backend: Backend
  let greeting: [UInt8]?
  var relay: Relay

  static var isFullDuplex: Bool { true }

  mutating func opened(_ connection: inout Connection) -> Action {
    backend.connectionCount.add(1, ordering: .relaxed)
    if let greeting { connection.write(greeting) }
    let back = connection.handle
    let client: Void? = relay.other.withConnection { client in
      client.isReadingPaused = false
      client.become(Relay(to: back))
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
