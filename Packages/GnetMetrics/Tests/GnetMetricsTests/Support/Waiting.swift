import Synchronization

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// A wait that took too long.
struct TimeoutError: Error, CustomStringConvertible {
  let awaited: String
  var description: String { "timed out waiting until \(awaited)" }
}

/// Waits until `condition` holds, looking often; fails the test when it takes too long.
func require(_ what: String, within limit: Duration = .seconds(20), _ condition: () throws -> Bool) throws {
  let deadline = ContinuousClock.now + limit
  while try !condition() {
    if ContinuousClock.now > deadline { throw TimeoutError(awaited: what) }
    _ = poll(nil, 0, 2)
  }
}

/// Values that callbacks note and a test looks at.
final class Log<Value: Sendable>: Sendable {
  private let storage = Mutex<[Value]>([])
  var values: [Value] { storage.withLock { $0 } }
  var count: Int { storage.withLock { $0.count } }
  func add(_ value: Value) { storage.withLock { $0.append(value) } }
}

/// Runs `body` on `threadCount` threads at once and waits for them. Rethrows the first error.
func concurrently(_ threadCount: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
  let failures = Log<any Error>()
  let ended = Log<Int>()
  for index in 0..<threadCount {
    try Background.run {
      do { try body(index) } catch { failures.add(error) }
      ended.add(index)
    }
  }
  try require("all threads have ended", within: .seconds(120)) { ended.count == threadCount }
  if let failure = failures.values.first { throw failure }
}

/// Work on a thread of its own.
enum Background {
  static func run(_ body: @escaping @Sendable () -> Void) throws {
    final class Entry {
      let body: @Sendable () -> Void
      init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    let entry = unsafe Unmanaged.passRetained(Entry(body)).toOpaque()
    var thread = pthread_t()
    let result = unsafe pthread_create(
      &thread, nil,
      { entry in
        unsafe Unmanaged<Entry>.fromOpaque(entry!).takeRetainedValue().body()
        return nil
      }, entry)
    if result != 0 { throw TimeoutError(awaited: "there is a thread") }
    pthread_detach(thread)
  }
}
