import Gnet
import GnetTesting

struct Echo: ConnectionHandler {
  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    connection.write(moving: &input)
    return .none
  }
}
func answersEverything(in simulation: Simulation) throws {}
