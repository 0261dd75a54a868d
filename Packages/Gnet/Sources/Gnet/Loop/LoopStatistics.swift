internal import SystemPackage

/// The counters of one loop since it started. They only grow, unless they say otherwise.
public struct LoopStatistics: Sendable, Hashable, BitwiseCopyable {
  /// Creates the statistics of a loop that has done nothing.
  public init() {}

  /// Stream connections opened on this loop.
  public var connectionsOpened: UInt64 = 0
  /// Stream connections that ended: closed or detached.
  public var connectionsClosed: UInt64 = 0
  /// Stream connections open now; goes up and down.
  public var connectionsActive: UInt64 = 0
  /// System calls that received bytes from a client.
  public var reads: UInt64 = 0
  /// Bytes received, those of datagrams too.
  public var bytesRead: UInt64 = 0
  /// System calls that sent bytes to a client.
  public var writes: UInt64 = 0
  /// Bytes that the kernel took, those of datagrams too.
  public var bytesWritten: UInt64 = 0
  /// System calls that could send nothing, or not all, because the kernel's buffer was full.
  public var writesWouldBlock: UInt64 = 0
  /// Connections accepted for this loop.
  public var accepts: UInt64 = 0
  /// Attempts to accept that failed. Failures of the acceptor thread count on loop 0.
  public var acceptErrors: UInt64 = 0
  /// Datagrams received.
  public var datagramsIn: UInt64 = 0
  /// Datagrams sent.
  public var datagramsOut: UInt64 = 0
  /// Wake-ups by other threads.
  public var wakeups: UInt64 = 0
  /// Waits for events.
  public var polls: UInt64 = 0
  /// Messages taken from the loop's mailbox.
  public var mailboxMessages: UInt64 = 0
  /// The most messages taken from the mailbox at once.
  public var mailboxDepthMax: UInt64 = 0
  /// Bytes of output waiting for their peers now; goes up and down.
  public var pendingOutputBytes: UInt64 = 0
  /// Nanoseconds spent at work, callbacks included.
  public var busyNanoseconds: UInt64 = 0
  /// Nanoseconds spent waiting for events.
  public var waitingNanoseconds: UInt64 = 0

  // The counters from here on seldom change: they are published when they do, and a turn does not pay for them.

  /// Outbound connections that were asked for.
  public var connectAttempts: UInt64 = 0
  /// Outbound connections that could not be established; those that were taken back do not count.
  public var connectFailures: UInt64 = 0
  /// Outbound connections opened on this loop; they count among ``connectionsOpened`` too.
  public var connectionsOutbound: UInt64 = 0
  /// Accepted connections that ended before `opened` because a filter has thrown or was not established in time.
  public var filterFailures: UInt64 = 0
  /// Datagrams that were not sent because they are longer than the path or the socket takes (`EMSGSIZE`).
  public var datagramsTooLong: UInt64 = 0
  /// Datagrams that were not sent because there is no way to the peer, such as `ENETUNREACH` and `EHOSTUNREACH`.
  public var datagramsUnreachable: UInt64 = 0
  /// Datagrams that were not sent because the system does not allow it, such as a packet filter (`EPERM`, `EACCES`).
  public var datagramsForbidden: UInt64 = 0
  /// Datagrams that were not sent because of another error, such as `ENOBUFS`.
  public var datagramsFailed: UInt64 = 0
  /// Datagrams that were given up: for lack of space under the high watermark while the kernel takes nothing, at the end of a
  /// shutdown, or because the peer of an outbound connection cannot be reached.
  public var datagramsDropped: UInt64 = 0

  /// The size of the counters that a turn publishes, in words.
  static var wordCountOfTurn: Int { MemoryLayout<Self>.offset(of: \.connectAttempts)! / MemoryLayout<UInt>.size }
}

extension LoopStatistics {
  /// Counts a datagram that could not be sent.
  mutating func noteUnsent(_ error: Errno) {
    switch error {
    case .messageTooLong: datagramsTooLong &+= 1
    case .networkUnreachable, .noRouteToHost, .networkDown, .hostIsDown, .connectionRefused, .addressNotAvailable:
      datagramsUnreachable &+= 1
    case .notPermitted, .permissionDenied: datagramsForbidden &+= 1
    default: datagramsFailed &+= 1
    }
  }
}
