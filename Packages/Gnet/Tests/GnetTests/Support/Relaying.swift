import RingBuffer

@testable import Gnet

/// A service that relays each of its connections to a backend, as a small proxy does.
func relaying(to backend: String) -> Service { Service { _ in RelayFront(backend: backend) } }

/// The client's side of a relay, until the backend's side is open. What arrives before is left.
private struct RelayFront: ConnectionHandler {
  let backend: String
  static var isFullDuplex: Bool { true }

  mutating func opened(_ connection: inout Connection) -> Action {
    let front = connection.handle
    connection.isReadingPaused = true
    connection.loop.connect(to: backend, Service { _ in RelayBack(front: front) }) { _ in front.abort() }
    return .none
  }

  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action { .none }
}

/// The backend's side of a relay.
private struct RelayBack: ConnectionHandler {
  let front: ConnectionHandle
  var relay: Relay
  static var isFullDuplex: Bool { true }

  init(front: ConnectionHandle) {
    self.front = front
    relay = Relay(to: front)
  }

  mutating func opened(_ connection: inout Connection) -> Action {
    let back = connection.handle
    let isThere = front.withConnection { front in
      front.isReadingPaused = false
      front.become(Service { _ in Relay(to: back) })
    }
    return isThere == nil ? .close : .none
  }

  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    relay.react(&connection, &input)
  }
  mutating func drained(_ connection: inout Connection) -> Action { relay.drained(&connection) }
  mutating func shuttingDown(_ connection: inout Connection) -> Action { relay.shuttingDown(&connection) }
  consuming func closed(_ connection: inout Connection, _ error: (any Error)?) { relay.closed(&connection, error) }
}
