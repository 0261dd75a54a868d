import Gnet
import GnetCodecs
import RingBuffer

var events = Events()
let pool = WorkerPool(threadCount: 1, queueCapacity: 1)
func answer(to request: [UInt8]) -> [UInt8] { request }
