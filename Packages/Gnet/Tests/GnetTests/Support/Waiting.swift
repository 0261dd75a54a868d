import Testing

@testable import Gnet

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// A wait that was in vain.
struct TimeoutError: Error, CustomStringConvertible {
  let awaited: String
  var description: String { "timed out waiting until \(awaited)" }
}

/// Waits until `condition` holds, looking often; fails the test when it takes too long.
func require(_ what: String, within limit: Duration = .seconds(10), _ condition: () -> Bool) throws {
  let deadline = ContinuousClock.now + limit
  while !condition() {
    if ContinuousClock.now > deadline { throw TimeoutError(awaited: what) }
    _ = poll(nil, 0, 1)
  }
}

/// Lets an exit test end with success, and so fail, where a trap does not come.
func awaitTrap() { try? require("the trap") { false } }

/// Work on a thread of its own.
enum Background {
  static func run(_ body: @escaping @Sendable () -> Void) {
    final class Entry {
      let body: @Sendable () -> Void; init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    let entry = unsafe Unmanaged.passRetained(Entry(body)).toOpaque()
    var thread = pthread_t()
    let result = unsafe pthread_create(
      &thread, nil,
      { entry in
        unsafe Unmanaged<Entry>.fromOpaque(entry!).takeRetainedValue().body()
        return nil
      }, entry)
    precondition(result == 0)
    pthread_detach(thread)
  }
}

/// Values that callbacks note and a test looks at.
final class Log<Value: Sendable>: Sendable {
  private let storage = Lock<[Value]>([])
  var values: [Value] { storage.withLock { $0 } }
  var count: Int { storage.withLock { $0.count } }
  func add(_ value: Value) { storage.withLock { $0.append(value) } }
}
