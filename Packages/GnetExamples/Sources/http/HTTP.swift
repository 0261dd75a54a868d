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
    let loops = LoopStates(requestTimeout: .seconds(requestTimeout))
    var events = Events()
    events.install(loops)
    events.onOpened = { connection in
      connection.context = SessionReference(Session(on: loops[connection.loop]))
      return .none
    }
    events.react = { connection, input in
      // A datagram has no session and gets no answer.
      guard let reference = connection.context as? SessionReference else { return .none }
      return reference.session.react(&connection, &input)
    }
    events.onClosed = { connection, _ in
      (connection.context as? SessionReference)?.session.end()
      return .none
    }
    var options = Options()
    // A client that ends its stream behind its request still gets the answer.
    options.allowHalfClosure = true
    // More than any request and any delay takes.
    options.idleTimeout = .seconds(75)
    try server.serve(events, defaultAddress: "tcp://:8080", options: options)
  }
}
