import Gnet
import GnetCodecs

var events = Events()
