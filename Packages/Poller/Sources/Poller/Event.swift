extension Poller {
  /// A report on one registration, or of a wake-up.
  ///
  /// The flags name the calls that would not block. Their meaning is the same on every backend:
  ///
  /// | flag | epoll | kqueue |
  /// |---|---|---|
  /// | ``isReadable`` | `EPOLLIN`, `EPOLLRDHUP`, `EPOLLHUP`, `EPOLLERR` | `EVFILT_READ`, `EV_EOF` |
  /// | ``isWritable`` | `EPOLLOUT`, `EPOLLERR` | `EVFILT_WRITE`, `EV_EOF` with an error |
  /// | ``isPeerClosed`` | `EPOLLRDHUP`, `EPOLLHUP` | `EV_EOF` |
  /// | ``isError`` | `EPOLLERR` | `EV_EOF` with an error |
  ///
  /// A caller that looks only at ``isReadable`` and ``isWritable``, and reads or writes, learns of every end and every
  /// error from `read(2)` and `write(2)`. The other flags are hints: bytes may still be unread.
  public struct Event: Hashable, Sendable {
    /// The token that the registration was made with.
    public let token: Token

    /// The flags as bits: with five booleans in one byte, an event fits into two registers.
    @usableFromInline let flags: Flags

    /// Creates the report of a registration that a selector of the program's own makes, such as one of a simulation. With the
    /// poller's own token, `UInt64.max`, this is a wake-up, and the flags have no effect.
    public init(
      token: Token, isReadable: Bool = false, isWritable: Bool = false, isPeerClosed: Bool = false,
      isError: Bool = false
    ) {
      var flags: Flags = token == .wake ? .wake : []
      if token != .wake {
        if isReadable { flags.insert(.readable) }
        if isWritable { flags.insert(.writable) }
        if isPeerClosed { flags.insert(.peerClosed) }
        if isError { flags.insert(.error) }
      }
      self.init(token: token, flags: flags)
    }

    init(token: Token, flags: Flags) {
      self.token = token
      self.flags = flags
    }

    /// Whether a read would not block: it would return bytes, a connection, the end of the stream or an error.
    @inlinable public var isReadable: Bool { flags.contains(.readable) }

    /// Whether a write would not block: the send buffer has free space, or the write would return an error.
    @inlinable public var isWritable: Bool { flags.contains(.writable) }

    /// Whether the peer has closed its end or its sending half: no bytes will follow the unread ones.
    ///
    /// Reported to registrations that are interested in reading, and to others once both directions have ended.
    @inlinable public var isPeerClosed: Bool { flags.contains(.peerClosed) }

    /// Whether the descriptor has failed; the next read or write, or `SO_ERROR`, gives the error.
    ///
    /// A pipe without a reader reports ``isError`` with epoll and ``isPeerClosed`` with kqueue; ``isWritable`` with both.
    @inlinable public var isError: Bool { flags.contains(.error) }

    /// Whether this is the wake-up of a ``Waker``, not the event of a registration.
    @inlinable public var isWake: Bool { flags.contains(.wake) }
  }
}

extension Poller.Event {
  /// The conditions an event reports.
  @usableFromInline
  struct Flags: OptionSet, Hashable, Sendable {
    @usableFromInline let rawValue: UInt8

    @inlinable init(rawValue: UInt8) { self.rawValue = rawValue }

    @inlinable static var readable: Flags { Flags(rawValue: 1 << 0) }
    @inlinable static var writable: Flags { Flags(rawValue: 1 << 1) }
    @inlinable static var peerClosed: Flags { Flags(rawValue: 1 << 2) }
    @inlinable static var error: Flags { Flags(rawValue: 1 << 3) }
    @inlinable static var wake: Flags { Flags(rawValue: 1 << 4) }
  }

  /// The event of a wake-up.
  static let wake = Poller.Event(token: .wake, flags: .wake)
}

extension Poller.Event: CustomStringConvertible {
  /// The token and the flags that are set, as in `7: readable, peer closed`.
  public var description: String {
    if isWake { return "wake" }
    var names: [String] = []
    if isReadable { names.append("readable") }
    if isWritable { names.append("writable") }
    if isPeerClosed { names.append("peer closed") }
    if isError { names.append("error") }
    return "\(token.rawValue): \(names.joined(separator: ", "))"
  }
}
