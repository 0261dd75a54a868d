// Sends back whatever it receives, over TCP, UDP and unix sockets.
import ArgumentParser
import ExampleSupport
import Gnet

@main
struct Echo: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "echo", abstract: "Sends back whatever it receives.")

  @OptionGroup var server: ServerArguments

  func run() throws {
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
