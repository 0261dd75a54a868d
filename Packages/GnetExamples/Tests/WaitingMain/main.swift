// Gnet's guide to shutdowns: a main thread that waits.
import Gnet
import GuideService

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

// Shown in the guide:
var signals = sigset_t()
sigemptyset(&signals)
sigaddset(&signals, SIGTERM)
sigaddset(&signals, SIGINT)
// Before `start` and before any task: threads inherit the mask.
pthread_sigmask(SIG_BLOCK, &signals, nil)

let running = try start([Listener(address, service)])
// A callback may end the server, too.
running.whenEnded { kill(getpid(), SIGTERM) }

var signal: Int32 = 0
sigwait(&signals, &signal)
running.shutdown()
try running.wait()
