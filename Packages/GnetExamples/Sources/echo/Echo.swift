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
    var events = Events()
    events.react = { connection, input in
      connection.write(moving: &input)
      return .none
    }
    try server.serve(events, defaultAddress: "tcp://:9000", datagrams: true)
  }
}
