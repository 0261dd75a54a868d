extension Poller {
  /// What a registration waits for.
  ///
  /// An empty interest pauses a registration: it stays, and reports neither bytes nor room. (epoll cannot be told
  /// to withhold errors and hang-ups: there, a paused registration may report one, once, until it is modified.)
  public struct Interest: OptionSet, Hashable, Sendable {
    /// The interest as a bit set.
    public let rawValue: UInt8

    /// Creates an interest from a bit set.
    @inlinable
    public init(rawValue: UInt8) {
      self.rawValue = rawValue
    }

    /// Bytes to read, a connection to accept, or the end of the stream.
    @inlinable
    public static var readable: Interest { Interest(rawValue: 1 << 0) }

    /// Room to write, or a connection attempt that has ended.
    @inlinable
    public static var writable: Interest { Interest(rawValue: 1 << 1) }
  }

  /// How often a condition that holds is reported.
  public enum Trigger: Hashable, Sendable {
    /// In every wait, for as long as the condition holds.
    case level

    /// When the condition arises, and again when more arrives; not while nothing changes.
    ///
    /// Read or write until `Errno.wouldBlock` before waiting again.
    case edge

    /// Once; then the whole registration is silent, for both directions, until it is modified.
    case oneShot
  }
}
