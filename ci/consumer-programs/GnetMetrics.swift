// Serves for a second, with metrics on a second socket.
import Gnet
import GnetMetrics

var events = Events()
events.install(MetricsExporter(socketPath: "metrics.sock", interval: .milliseconds(100)))
let start = ContinuousClock.now
events.tick = { (.milliseconds(100), ContinuousClock.now - start > .seconds(1) ? .shutdown : .none) }
try serve(events, on: "tcp://127.0.0.1:0")
