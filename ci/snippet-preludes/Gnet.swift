import Gnet
import GnetCodecs
import RingBuffer

var events = Events()
let pool = WorkerPool(threadCount: 1, queueCapacity: 1)
func answer(to request: [UInt8]) -> [UInt8] { request }

/// A handler for examples in which any handler will do.
struct RedisSession: ConnectionHandler {
  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action { .close }
}
typealias AdminSession = RedisSession

/// A filter for examples in which any filter will do.
final class Cipher: ConnectionFilter {
  func receive(_ network: inout RingBuffer, _ input: inout RingBuffer, reply: inout RingBuffer) -> FilterState {
    input.append(moving: &network)
    return .established
  }
  func send(_ output: inout RingBuffer, _ network: inout RingBuffer) { network.append(moving: &output) }
}
