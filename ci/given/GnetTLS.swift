import Gnet
import GnetTLS
import RingBuffer

let service = Service(Events())
let server = try start([]).server
