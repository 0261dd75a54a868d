import Gnet

// The recipe of the article on calling other servers, as it stands there.

/// A connection that is established again whenever it ends.
final class Link: Sendable {
  let address: String
  let loop: EventLoop

  init(to address: String, on loop: EventLoop) {
    self.address = address
    self.loop = loop
  }

  /// Connects; after a failure again, with pauses that double up to half a minute.
  func connect(pause: Duration = .milliseconds(100)) {
    loop.connect(to: address, Subscriber(link: self)) { [self] error in
      if error == .shutdown { return }
      loop.schedule(after: pause) { self.connect(pause: min(pause * 2, .seconds(30))) }.keep()
    }
  }
}

/// Subscribes, and reconnects when the connection has ended.
struct Subscriber: ConnectionHandler {
  let link: Link

  mutating func opened(_ connection: inout Connection) -> Action {
    connection.write("SUBSCRIBE news\r\n")
    return .none
  }
  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    print(String(decoding: input.readAll(), as: UTF8.self))
    return .none
  }
  consuming func closed(_ connection: inout Connection, _ error: (any Error)?) { link.connect() }
}
