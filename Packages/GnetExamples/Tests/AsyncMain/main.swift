// Gnet's guide to shutdowns: an asynchronous main. The address is an argument.
import Dispatch
import Gnet

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

let address = CommandLine.arguments[1]
var events = Events()
events.react = { connection, input in
  let isEnd = input.readAll().elementsEqual("end".utf8)
  connection.write("ok")
  return isEnd ? .shutdown : .none
}
let service = Service(events)

// Shown in the guide:
let serving = Task { try await Server.run([Listener(address, service)]) }

signal(SIGTERM, SIG_IGN)  // instead of the end of the process
let termination = DispatchSource.makeSignalSource(signal: SIGTERM, queue: .main)
termination.setEventHandler { serving.cancel() }
termination.activate()

try await serving.value
