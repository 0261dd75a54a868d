extension Poller {
  /// The conditions that a registration waits for.
  ///
  /// An empty interest pauses a registration: it stays, and reports neither readability nor writability. epoll reports
  /// errors and hang-ups unasked, so a paused registration may report one there, once, until it is modified.
  public struct Interest: OptionSet, Hashable, Sendable {
    /// The interest as a bit set.
    public let rawValue: UInt8

    /// Creates an interest from a bit set.
    @inlinable
    public init(rawValue: UInt8) {
      self.rawValue = rawValue
    }

    /// Readability: bytes to read, a connection to accept, or the end of the stream.
    @inlinable
    public static var readable: Interest { Interest(rawValue: 1 << 0) }

    /// Writability: free space in the send buffer, or a connection attempt that has ended.
    @inlinable
    public static var writable: Interest { Interest(rawValue: 1 << 1) }
  }

  /// The frequency with which a condition that holds is reported.
  public enum Trigger: Hashable, Sendable {
    /// Reports a condition in every wait for as long as it holds.
    case level

    /// Reports a condition when it arises and again when more arrives; not while nothing changes.
    ///
    /// Read or write until `Errno.wouldBlock` before the next wait.
    case edge

    /// Reports one condition; the registration is then silent for both directions until it is modified.
    case oneShot
  }
}
