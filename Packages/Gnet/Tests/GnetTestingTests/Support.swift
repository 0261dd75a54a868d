import Gnet
import GnetTesting

extension Events {
  /// Events of which only `react` does something.
  init(react: @escaping @Sendable (inout Connection, inout RingBuffer) -> Action) {
    self.init()
    self.react = react
  }

  /// Sends everything back.
  static var echo: Events {
    Events { connection, input in
      connection.write(moving: &input)
      return .none
    }
  }
}

extension Simulation {
  /// Starts a server, and connects a client to it.
  func serve(_ listener: Listener, options: Options = Options()) throws -> (Server, SimulatedPeer) {
    let server = try start([listener], options: options)
    return (server, connect(to: server.addresses[0]))
  }

  /// Starts a server of a service, and connects a client to it.
  func serve(_ service: Service, options: Options = Options()) throws -> (Server, SimulatedPeer) {
    try serve(Listener("tcp://:7000", service), options: options)
  }
}
