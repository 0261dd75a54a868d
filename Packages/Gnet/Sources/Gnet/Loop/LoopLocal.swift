internal import Synchronization

/// State per event loop: every loop has an object of its own, which only the loop's thread uses. So it needs no lock.
///
/// The callbacks, timers and services of a loop share the state:
///
/// ```swift
/// final class Totals { var byteCount = 0 }
///
/// let totals = LoopLocal { _ in Totals() }
///
/// var meter = Events()
/// meter.react = { connection, datagram in
///   totals.withState { $0.byteCount += datagram.count }
///   return .none
/// }
/// let running = try start([Listener("udp://:9000", Service(meter))])
/// for loop in running.server.loops {
///   loop.every(.seconds(1)) { totals.withState { print(loop.index, $0.byteCount) } }.keep()
/// }
/// ```
///
/// A loop's state is made when the loop first needs it. The state is dropped on the loop's thread, when the loop has ended
/// or when the program drops this object.
public final class LoopLocal<State: AnyObject>: Sendable {
  private let make: @Sendable (EventLoop) -> sending State
  private let id = LoopStates.makeID()
  /// The loops that have a state.
  private let loops = Lock<[LoopReference]>([])

  /// Creates states that do not exist yet.
  ///
  /// - Parameter make: makes the state of a loop, once, on the loop's thread.
  public init(_ make: @escaping @Sendable (EventLoop) -> sending State) { self.make = make }

  deinit {
    for loop in loops.withLock({ $0 }) { loop.target?.dropState(id) }
  }

  /// Calls `body` with the state of the loop on whose thread the caller runs, for callbacks and timers.
  ///
  /// On any other thread this is a precondition failure. A task may leave its loop, also because the loop has ended, and
  /// calls ``collect(_:)`` instead.
  ///
  /// - Complexity: a look-up in a hash table. The handlers of a ``Service`` of loop-local state need none: they keep the
  ///   state.
  public func withState<Result>(_ body: (State) throws -> sending Result) rethrows -> sending Result {
    guard let loop = EventLoop.current else {
      preconditionFailure("LoopLocal.withState: the caller does not run on an event loop's thread")
    }
    return try body(state(of: loop))
  }

  /// Calls `body` with the state of each loop that has one, on the loop's thread, from any task.
  ///
  /// The loops are asked one after the other, so the results are of different moments. Loops that have ended are left out.
  ///
  /// - Returns: the results, a result for each loop.
  public func collect<Result: Sendable>(_ body: @escaping @Sendable (State) -> Result) async -> [Result] {
    var results: [Result] = []
    for loop in loops.withLock({ $0 }).compactMap(\.target) {
      let result = await withTaskExecutorPreference(loop) {
        self.existingState(of: loop).map(body)
      }
      if let result { results.append(result) }
    }
    return results
  }

  /// The state of a loop, for the loop's thread.
  @usableFromInline
  func state(of loop: EventLoop) -> State {
    assert(loop.isCurrent)
    if let state = existingState(of: loop) { return state }
    let state = make(loop)
    loop.state.localStates[id] = state
    loops.withLock { loops in
      loops.removeAll { $0.target == nil }
      loops.append(LoopReference(target: loop))
    }
    return state
  }

  /// The state of a loop; `nil` where there is none, and on other threads.
  private func existingState(of loop: EventLoop) -> State? {
    loop.isCurrent ? loop.state.localStates[id].map { unsafe unsafeDowncast($0, to: State.self) } : nil
  }
}

/// A loop, as a state's owner refers to it.
private struct LoopReference {
  weak var target: EventLoop?
}

/// The states of a loop, by the numbers of their owners. For the loop's thread.
struct LoopStates {
  private static let lastID = Atomic<UInt64>(0)
  private var states: [UInt64: AnyObject] = [:]

  /// A number that no other owner has, also none that is made later.
  static func makeID() -> UInt64 { lastID.add(1, ordering: .relaxed).newValue }

  subscript(id: UInt64) -> AnyObject? {
    get { states[id] }
    set { states[id] = newValue }
  }

  var isEmpty: Bool { states.isEmpty }

  /// Removes all states and returns them, so that their ends come when the caller is done.
  // Not an array: if the array is dropped at once, the optimizer of Swift 6.3 releases it before its elements are
  // there.
  mutating func removeAll() -> [UInt64: AnyObject] {
    defer { states = [:] }
    return states
  }
}

extension EventLoop {
  /// Drops a state, on the loop's thread; from any thread.
  fileprivate func dropState(_ id: UInt64) {
    schedule(after: .zero) { [self] in
      // The end of a state may use other states.
      _ = state.localStates[id].take()
    }.keep()
  }
}
