extension Poller {
  /// What happened to one registration, or a wake-up.
  ///
  /// The flags say which calls would not block. They mean the same on every backend:
  ///
  /// | flag | epoll | kqueue |
  /// |---|---|---|
  /// | ``isReadable`` | `EPOLLIN`, `EPOLLRDHUP`, `EPOLLHUP`, `EPOLLERR` | `EVFILT_READ`, `EV_EOF` |
  /// | ``isWritable`` | `EPOLLOUT`, `EPOLLERR` | `EVFILT_WRITE`, `EV_EOF` with an error |
  /// | ``isPeerClosed`` | `EPOLLRDHUP`, `EPOLLHUP` | `EV_EOF` |
  /// | ``isError`` | `EPOLLERR` | `EV_EOF` with an error |
  ///
  /// So a caller who looks at nothing but ``isReadable`` and ``isWritable``, and reads or writes, hears of every end
  /// and every error from `read(2)` and `write(2)`. The other flags are hints: bytes may still be unread.
  public struct Event: Hashable, Sendable {
    /// The token that the registration was made with.
    public let token: Token

    /// The flags as bits: five booleans in one byte keep an event in two registers.
    @usableFromInline let flags: Flags

    init(token: Token, flags: Flags) {
      self.token = token
      self.flags = flags
    }

    /// Whether a read would not block: there are bytes, a connection to accept, the end of the stream, or an error.
    @inlinable public var isReadable: Bool { flags.contains(.readable) }

    /// Whether a write would not block: there is room, or an error that the write will report.
    @inlinable public var isWritable: Bool { flags.contains(.writable) }

    /// Whether the peer has closed its end, or its sending half: after the bytes still unread there are no more.
    ///
    /// Reported to registrations that are interested in reading; to others once both directions have ended.
    @inlinable public var isPeerClosed: Bool { flags.contains(.peerClosed) }

    /// Whether the descriptor has failed: the next read or write, or `SO_ERROR`, tells why.
    ///
    /// A pipe without a reader reports ``isError`` with epoll and ``isPeerClosed`` with kqueue; ``isWritable`` with both.
    @inlinable public var isError: Bool { flags.contains(.error) }

    /// Whether this is a wake-up asked for by a ``Waker``, and no event of a registration.
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
