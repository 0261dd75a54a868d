// The proxy of the article "A proxy", as it stands there.

import Gnet

/// A service that relays each of its connections to a backend.
func relaying(to backend: String, _ options: ConnectOptions = ConnectOptions()) -> Service {
  Service { _ in Front(backend: backend, options: options) }
}

/// A client whose backend is not there yet. The client's bytes wait in the kernel.
struct Front: ConnectionHandler {
  let backend: String
  let options: ConnectOptions
  var attempt: ConnectionHandle?

  static var isFullDuplex: Bool { true }

  mutating func opened(_ connection: inout Connection) -> Action {
    connection.isReadingPaused = true
    let front = connection.handle
    attempt = connection.loop.connect(to: backend, options: options, Back(front: front)) { _ in front.abort() }
    return .none
  }
  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action { .none }
  mutating func shuttingDown(_ connection: inout Connection) -> Action { .none }

  /// Takes the attempt back: the client has gone first.
  consuming func closed(_ connection: inout Connection, _ error: (any Error)?) { attempt?.close() }
}

/// The connection to the backend.
struct Back: ConnectionHandler {
  let front: ConnectionHandle
  var relay: Relay

  init(front: ConnectionHandle) {
    self.front = front
    relay = Relay(to: front)
  }

  static var isFullDuplex: Bool { true }

  mutating func opened(_ connection: inout Connection) -> Action {
    let back = connection.handle
    let joined: Void? = front.withConnection { client in
      client.become(Relay(to: back))
      client.isReadingPaused = false
    }
    return joined == nil ? .close : .none
  }
  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    relay.react(&connection, &input)
  }
  mutating func drained(_ connection: inout Connection) -> Action { relay.drained(&connection) }
  mutating func shuttingDown(_ connection: inout Connection) -> Action { relay.shuttingDown(&connection) }
  consuming func closed(_ connection: inout Connection, _ error: (any Error)?) { relay.closed(&connection, error) }
}
