internal import Synchronization

/// A value that one thread at a time has access to.
@safe
public final class Guarded<Value: Sendable>: Sendable {
  // `nonisolated(unsafe)` because `lock` guards it.
  private nonisolated(unsafe) var value: Value
  private let lock = SystemLock()

  /// Guards a value.
  public init(_ value: Value) { unsafe self.value = value }

  /// Calls `body` with the value, alone.
  public func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    try lock.withLock { try unsafe body(&value) }
  }

  /// A copy of the value.
  public var current: Value { withLock { $0 } }
}

/// Values in the order in which threads have added them.
public final class Log<Value: Sendable>: Sendable {
  private let storage = Guarded<[Value]>([])

  /// Creates an empty log.
  public init() {}

  /// The values so far.
  public var values: [Value] { storage.current }

  /// The number of values so far.
  public var count: Int { storage.withLock { $0.count } }

  /// Adds a value.
  public func add(_ value: Value) { storage.withLock { $0.append(value) } }

  /// Removes all values: of a log that refers to what refers to the log.
  public func removeAll() { storage.withLock { $0.removeAll() } }
}

/// A number that threads raise and a test looks at.
public final class Counter: Sendable {
  private let count: Atomic<Int>

  /// Creates a counter that stands at a number.
  public init(_ initialValue: Int = 0) { count = Atomic(initialValue) }

  /// The number.
  public var value: Int { count.load(ordering: .acquiring) }

  /// Adds to the number, and returns what it was before.
  @discardableResult
  public func add(_ difference: Int = 1) -> Int { count.add(difference, ordering: .acquiringAndReleasing).oldValue }
}

/// A condition that is set once.
public final class Flag: Sendable {
  private let state = Atomic<Bool>(false)

  /// Creates a flag that is not set.
  public init() {}

  /// Whether the flag has been set.
  public var isSet: Bool { state.load(ordering: .acquiring) }

  /// Sets the flag.
  public func set() { state.store(true, ordering: .releasing) }

  /// Waits until the flag is set, ten seconds at most.
  public func wait() { _ = eventually(within: .seconds(10)) { isSet } }
}
