/// The error of a wait that took too long.
public struct TimeoutError: Error, CustomStringConvertible {
  /// The condition that did not come to hold, in words.
  public let awaited: String

  /// Creates the error of a wait for a condition.
  public init(awaited: String) { self.awaited = awaited }

  /// The error in words.
  public var description: String { "timed out waiting until \(awaited)" }
}

/// Whether a condition comes to hold in reasonable time; looks every millisecond.
public func eventually(within limit: Duration = .seconds(20), _ condition: () throws -> Bool) rethrows -> Bool {
  let deadline = ContinuousClock.now + limit
  while try !condition() {
    if ContinuousClock.now > deadline { return false }
    sleep(milliseconds: 1)
  }
  return true
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
