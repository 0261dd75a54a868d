import Gnet
import GnetTLS
import RingBuffer

let service = Service(Events())
var events = Events()
let server = try start([]).server
let identity = try TLSIdentity(pem: "", privateKey: "")
let other = identity
