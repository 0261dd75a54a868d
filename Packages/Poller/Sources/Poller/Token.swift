extension Poller {
  /// The caller's name for a registration, handed back with every event of it.
  ///
  /// A poller never looks inside a token. A slot of the caller's table together with a generation count makes a good
  /// one: an event of a registration that has gone then finds no one, also when the descriptor's number is in use again.
  ///
  /// `UInt64.max` belongs to the poller itself: wake-ups carry it, and registering with it is a precondition failure.
  public struct Token: RawRepresentable, Hashable, Sendable {
    /// The token as a number.
    public var rawValue: UInt64

    /// Creates a token from a number.
    @inlinable
    public init(rawValue: UInt64) {
      self.rawValue = rawValue
    }

    /// The token of wake-ups.
    static let wake = Token(rawValue: .max)
  }
}
