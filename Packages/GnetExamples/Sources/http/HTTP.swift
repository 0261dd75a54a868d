// Answers HTTP/1.1 requests: /, /plaintext, /json, /echo (POST), /delay/MS and /ws.
import ArgumentParser
import ExampleSupport
import Gnet
import GnetHTTP

@main
struct HTTP: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "http",
    abstract: "Answers HTTP/1.1 requests: /, /plaintext, /json, /echo (POST), /delay/MS and /ws.")

  @OptionGroup var server: ServerArguments

  @Option(
    help: ArgumentHelp("The seconds that a request may take from its first byte to its last.", valueName: "seconds"))
  var requestTimeout = 10.0

  func validate() throws {
    guard requestTimeout > 0, requestTimeout <= 3600 else {
      throw ValidationError("--request-timeout must be more than 0 and at most 3600.")
    }
  }

  func run() throws {
    var options = HTTPOptions()
    options.serverName = "gnet"
    options.requestTimeout = .seconds(requestTimeout)
    options.logger = server.logger
    try server.serve(.http(options: options, Routes.router), defaultAddress: "tcp://:8080", options: .http)
  }
}
