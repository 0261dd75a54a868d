// Answers HTTP/1.1 requests: /, /plaintext, /json, /echo (POST), /delay/MS and /ws.
import ArgumentParser
import ExampleSupport
import Gnet
import GnetHTTP

@main
struct HTTP: ServerProgram {
  static let summary = "Answers HTTP/1.1 requests: /, /plaintext, /json, /echo (POST), /delay/MS and /ws."

  @Option(
    in: 0.001...3600, help: "The seconds that a request may take from its first byte to its last", valueName: "seconds")
  var requestTimeout = 10.0

  func run(_ server: ServerArguments) throws {
    var options = HTTPOptions()
    options.serverName = "gnet"
    options.requestTimeout = .seconds(requestTimeout)
    options.logger = server.logger
    try server.serve(.http(options: options, Routes.router), defaultAddress: "tcp://:8080", options: .http)
  }
}
