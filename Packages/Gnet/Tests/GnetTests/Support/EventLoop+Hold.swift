import TestSupport

@testable import Gnet

extension EventLoop {
  /// Holds this loop, which does nothing until the gate is opened.
  func hold() throws -> Gate {
    let gate = Gate()
    schedule(after: .zero) { gate.pass() }.keep()
    try require("the loop is held") { gate.arrived == 1 }
    return gate
  }
}
