import Gnet
import GnetCodecs
import RingBuffer

var events = Events()
