// Sends back whatever it receives, over TCP, UDP and unix sockets.
import ArgumentParser
import ExampleSupport
import Gnet

@main
struct Echo: ServerProgram {
  static let summary = "Sends back whatever it receives."

  func run(_ server: ServerArguments) throws {
    // Callbacks, since a datagram has no handler of its own.
    var events = Events()
    events.react = { connection, input in
      connection.write(moving: &input)
      return .none
    }
    // At a shutdown, a connection goes on until its client ends it.
    events.onShutdown = { _ in .none }
    let service = Service(events)
    try server.serve(service, datagrams: service, defaultAddress: "tcp://:9000")
  }
}
