// Gnet's guide to shutdowns: an asynchronous main.
import Dispatch
import Gnet
import GuideService

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

// Shown in the guide:
let serving = Task { try await Server.run([Listener(address, service)]) }

signal(SIGTERM, SIG_IGN)  // instead of the end of the process
let termination = DispatchSource.makeSignalSource(signal: SIGTERM, queue: .main)
termination.setEventHandler { serving.cancel() }
termination.activate()

try await serving.value
