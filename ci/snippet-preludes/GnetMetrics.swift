import Gnet
import GnetMetrics

var events = Events()
