import Gnet
import GnetHTTP

var router = Router()
let service = Service.http { _ in Response("") }
