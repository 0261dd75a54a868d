extension Poller {
  /// The caller's name for a registration, given back with each of its events.
  ///
  /// A poller never looks inside a token. A good token is the index of a slot in the caller's table together with a
  /// count of the slot's uses. The late event of a removed registration then matches no slot, also if the descriptor's
  /// number is in use again.
  ///
  /// `UInt64.max` belongs to the poller itself: it is the token of wake-ups, and to register with it is a precondition
  /// failure.
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
