import RingBuffer
import TestSupport
import Testing

@testable import Gnet

/// A server that runs on a thread of its own until it is stopped.
final class TestServer: Sendable {
  private struct State {
    var server: Server?
    var outcome: Result<Void, ServeError>?
  }

  private let state = Lock(State())

  /// Starts serving and waits until the addresses are bound.
  ///
  /// - Throws: what `serve` throws if it ends before.
  init(_ events: Events, options: Options = Options(), on addresses: [String] = ["tcp://127.0.0.1:0"]) throws {
    var events = events
    let initialise = events.onInitComplete
    events.onInitComplete = { [self] server in
      let action = initialise?(server) ?? Action.none
      state.withLock { $0.server = server }
      return action
    }
    let (served, settings) = (events, options)
    TestThread.detach { [self] in
      let outcome: Result<Void, ServeError>
      do throws(ServeError) {
        try serve(served, options: settings, on: addresses)
        outcome = .success(())
      } catch {
        outcome = .failure(error)
      }
      state.withLock { $0.outcome = outcome }
    }
    try require("the server starts") { self.state.withLock { $0.server != nil || $0.outcome != nil } }
    if case .failure(let error) = outcome { throw error }
  }

  /// The server.
  var server: Server { state.withLock { $0.server! } }

  /// The address that a client connects to.
  func address(_ index: Int = 0) -> SocketAddress { server.addresses[index] }

  /// The outcome of `serve`; `nil` as long as it runs.
  var outcome: Result<Void, ServeError>? { state.withLock { $0.outcome } }

  /// Shuts the server down and waits for `serve` to return.
  func stop(within limit: Duration = .seconds(10)) throws {
    server.shutdown()
    try waitForEnd(within: limit)
  }

  /// Waits for `serve` to return by itself.
  func waitForEnd(within limit: Duration = .seconds(10)) throws {
    try require("serve returns", within: limit) { self.outcome != nil }
    try outcome?.get()
  }
}

extension Options {
  /// The default options but for the number of loops, and for the faults of the system.
  init(loopCount: Int? = nil, faults: FaultPlan? = nil) {
    self.init()
    self.loopCount = loopCount
    self.faults = faults
  }
}

/// Serves `events` for the length of `body`.
func withServer(
  _ events: Events, options: Options = Options(), on addresses: [String] = ["tcp://127.0.0.1:0"],
  _ body: (TestServer) throws -> Void
) throws {
  let server = try TestServer(events, options: options, on: addresses)
  do {
    try body(server)
  } catch {
    try? server.stop()
    throw error
  }
  try server.stop()
}

extension Events {
  /// Events of which only `react` does something.
  init(react: @escaping @Sendable (inout Connection, inout RingBuffer) -> Action) {
    self.init()
    self.react = react
  }

  /// Sends everything back.
  static var echo: Events {
    Events { connection, input in
      connection.write(moving: &input)
      return .none
    }
  }

  /// Notes the beginnings and ends of connections: `opened`, `closed`, `detached`.
  mutating func noteEnds(in calls: Log<String>) {
    onOpened = { _ in calls.note("opened") }
    onClosed = { _, _ in calls.note("closed") }
    onDetached = { _, _ in calls.note("detached") }
  }
}
