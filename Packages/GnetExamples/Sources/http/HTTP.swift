// Answers HTTP/1.1 requests: /, /plaintext, /json, /echo (POST) and /delay/MS.
import ArgumentParser
import ExampleSupport
import Gnet

@main
struct HTTP: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "http",
    abstract: "Answers HTTP/1.1 requests: /, /plaintext, /json, /echo (POST) and /delay/MS.")

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
    let requestTimeout = Duration.seconds(requestTimeout)
    let service = Service(perLoop: { _ in LoopState() }) { _, loop in
      Session(on: loop, requestTimeout: requestTimeout)
    }
    var options = Options()
    // A client that ends its stream behind its request still gets the answer.
    options.allowHalfClosure = true
    // More than any request and any delay takes.
    options.idleTimeout = .seconds(75)
    try server.serve(service, defaultAddress: "tcp://:8080", options: options)
  }
}
