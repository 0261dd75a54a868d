/// The error of a wait that took too long.
public struct TimeoutError: Error, CustomStringConvertible {
  /// The condition that did not come to hold, in words.
  public let awaited: String

  /// Creates the error of a wait for a condition.
  public init(awaited: String) { self.awaited = awaited }

  /// The error in words.
  public var description: String { "timed out waiting until \(awaited)" }
}

/// Whether a condition comes to hold in reasonable time.
///
/// Looks without a pause at first, for what another thread does at once, and then every millisecond.
public func eventually(within limit: Duration = .seconds(20), _ condition: () throws -> Bool) rethrows -> Bool {
  for _ in 0..<100 {
    if try condition() { return true }
    yieldProcessor()
  }
  let deadline = ContinuousClock.now + limit
  while ContinuousClock.now < deadline {
    if try condition() { return true }
    sleep(milliseconds: 1)
  }
  return try condition()
}

/// Waits until a condition holds.
///
/// - Parameter what: The condition in words, as a sentence that begins in lower case.
/// - Throws: `TimeoutError` when the condition does not hold in time, and what `condition` throws.
public func require(
  _ what: String, within limit: Duration = .seconds(20), _ condition: () throws -> Bool
) throws {
  if try !eventually(within: limit, condition) { throw TimeoutError(awaited: what) }
}

/// Lets an exit test end with success, and so fail, when the trap that it expects has not come.
public func awaitTrap() { _ = eventually { false } }
