public import Gnet

extension EventLoop {
  /// Lets simulated time pass within a callback of this loop, as work does that takes so long.
  ///
  /// The network goes on meanwhile. No loop of the simulation runs, and no callback is called.
  ///
  /// ```swift
  /// import Gnet
  /// import GnetTesting
  ///
  /// var events = Events()
  /// events.react = { connection, input in
  ///   connection.loop.simulateWork(for: .seconds(3))
  ///   connection.write(moving: &input)
  ///   return .none
  /// }
  /// ```
  public func simulateWork(for duration: Duration) {
    guard let system = system as? HostSystem else {
      preconditionFailure("EventLoop.simulateWork: the loop is not one of a simulation")
    }
    system.world.work(for: duration.count(of: .nanosecond))
  }
}
