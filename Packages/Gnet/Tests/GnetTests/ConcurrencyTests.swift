import TestPeers
import TestSupport
import Testing

@testable import Gnet

@Suite struct ConcurrencyTests {
  /// An actor that lives on a loop.
  private actor Resident {
    let loop: EventLoop
    private(set) var sum = 0

    init(_ loop: EventLoop) { self.loop = loop }

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

    func add(_ number: Int) -> Bool {
      sum += number
      return loop.isCurrent
    }
  }

  /// The server of a `Server.run`, for code outside.
  private final class Started: Sendable {
    private let server = Lock<Server?>(nil)
    func set(_ server: Server) { self.server.withLock { $0 = server } }
    var value: Server? { server.withLock { $0 } }
  }

  private func started(_ server: Started) async throws -> Server {
    while server.value == nil { try await Task.yieldUnlessCancelled() }
    return server.value!
  }

  @Test("an actor and a task live on a loop's thread", arguments: [1, 2])
  func residents(loopCount: Int) async throws {
    let started = Started()
    var events = Events.echo
    events.onInitComplete = { server in
      started.set(server)
      return .none
    }
    async let serving: Void = Server.run(events, options: Options(loopCount: loopCount), on: "tcp://127.0.0.1:0")
    let server = try await self.started(started)
    for loop in server.loops {
      let resident = Resident(loop)
      for number in 1...100 { #expect(await resident.add(number)) }
      #expect(await resident.sum == 5050)
      let isOnLoop = await Task(executorPreference: loop) { loop.isCurrent }.value
      #expect(isOnLoop)
    }
    server.shutdown()
    try await serving
  }

  @Test("a callback uses an actor of its loop at once", arguments: [1, 2])
  func assumeIsolated(loopCount: Int) throws {
    var events = Events()
    events.onOpened = { connection in
      connection.context = Resident(connection.loop)
      return .none
    }
    events.react = { connection, input in
      guard let resident = connection.context as? Resident else { return .close }
      let count = input.count
      input.removeAll()
      let sum = resident.assumeIsolated { resident in
        _ = resident.add(count)
        return resident.sum
      }
      connection.write("\(sum)\n")
      return .none
    }
    try withServer(events, options: Options(loopCount: loopCount)) { server in
      for _ in 1...3 {
        let client = try Client(server.address())
        for sum in 1...3 {
          try client.send("x")
          #expect(try client.receiveLine() == "\(sum)")
        }
      }
    }
  }

  @Test("cancelling the task shuts the server down in order")
  func cancellation() async throws {
    let started = Started()
    let closed = Log<Bool>()
    var events = Events.echo
    events.onInitComplete = { server in
      started.set(server)
      return .none
    }
    events.onClosed = { _, error in closed.note(error == nil) }
    let served = events
    let task = Task { try await Server.run(served, on: "tcp://127.0.0.1:0") }
    let server = try await self.started(started)
    let client = try Client(server.addresses[0])
    try client.expectEcho("ping")
    task.cancel()
    try await task.value
    #expect(closed.values == [true])
    #expect(try client.receive().isEmpty)
  }

  @Test("a task that is cancelled already serves nothing")
  func cancelledBefore() async throws {
    let calls = Log<String>()
    var events = Events()
    events.tick = { (.seconds(1), calls.note("tick")) }
    let served = events
    let task = Task {
      unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
      try await Server.run(served, on: "tcp://127.0.0.1:0")
    }
    try await task.value
    #expect(calls.count == 0)
  }

  @Test("what serve throws, run throws")
  func failure() async throws {
    await #expect(throws: ServeError.invalidAddress("nonsense", reason: "the port is missing")) {
      try await Server.run(Events(), on: "nonsense")
    }
  }

  @Test("jobs brought to a loop that has ended still run, one at a time")
  func afterTheEnd() async throws {
    let started = Started()
    var events = Events()
    events.onInitComplete = { server in
      started.set(server)
      return .none
    }
    let served = events
    let task = Task { try await Server.run(served, on: "tcp://127.0.0.1:0") }
    let server = try await self.started(started)
    let resident = Resident(server.loops[0])
    // Some of them come before the end, some after it, some at the same time.
    await withTaskGroup(of: Void.self) { group in
      for number in 1...200 {
        if number == 100 { server.shutdown() }
        group.addTask { _ = await resident.add(number) }
      }
    }
    try await task.value
    _ = await resident.add(1)
    #expect(await resident.sum == 20101)
  }
}

extension Task where Success == Never, Failure == Never {
  /// Lets others run.
  static func yieldUnlessCancelled() async throws {
    try Task.checkCancellation()
    await Task.yield()
  }
}
