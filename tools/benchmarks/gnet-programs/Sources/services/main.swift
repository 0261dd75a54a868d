// services events|typed|timed|async|http|http-async ADDRESS: serves on one loop, until SIGTERM.
//
// An echo by each kind of service: callbacks, a typed handler, a typed handler that moves a time-out with every request, and a
// task per connection. And the same HTTP by handlers, and by a task per request.
import Foundation
import Gnet
import GnetHTTP

struct Echo: ConnectionHandler {
  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    connection.write(moving: &input)
    return .none
  }
}

struct TimedEcho: ConnectionHandler {
  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    connection.write(moving: &input)
    connection.setTimeout(.seconds(30))
    return .none
  }
}

let arguments = CommandLine.arguments
guard arguments.count == 3 else { fatalError("services events|typed|timed|async|http|http-async ADDRESS") }
let service: Service
switch arguments[1] {
case "events":
  var events = Events()
  events.react = { connection, input in
    connection.write(moving: &input)
    return .none
  }
  service = Service(events)
case "typed": service = Service { _ in Echo() }
case "timed": service = Service { _ in TimedEcho() }
case "async":
  service = Service(async: { connection in
    while let bytes = try await connection.read() { try await connection.write(bytes) }
  })
case "http": service = HTTPKinds.handlers
case "http-async": service = HTTPKinds.tasks
default: fatalError("\(arguments[1]) is no kind of service: events, typed, timed, async, http or http-async")
}

signal(SIGTERM, SIG_IGN)
var options = arguments[1].hasPrefix("http") ? Options.http : Options()
options.loopCount = 1
let running = try start([Listener(arguments[2], service)], options: options)
let server = running.server
let termination = DispatchSource.makeSignalSource(signal: SIGTERM, queue: .global())
termination.setEventHandler { server.shutdown() }
termination.resume()
print("listening on tcp://\(server.addresses[0])")
fflush(nil)
try running.wait()
