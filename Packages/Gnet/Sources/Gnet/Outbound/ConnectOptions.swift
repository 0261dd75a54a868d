/// The settings of one outbound connection. The defaults suit most.
public struct ConnectOptions: Sendable {
  /// Creates the default options.
  public init() {}

  /// The time limit of everything before `opened`: looking up the host, establishing the connection and its filter.
  public var timeout: Duration = .seconds(10)

  /// The address to connect from, with port 0 for any: `127.0.0.2:0`, `[::1]:0`; `nil` leaves it to the system.
  ///
  /// Of a host's addresses only those of the same version of IP are tried. Has no effect on a unix socket.
  public var localAddress: String?

  /// Makes the filter of the connection, which is established before `opened`; `nil`: none. Not for UDP.
  public var filter: ConnectionFilter.Factory?

  /// Whether small writes leave at once instead of waiting to be joined (`TCP_NODELAY`).
  public var tcpNoDelay = true

  /// The silence after which a TCP peer is probed; `nil` leaves it to the system, which does not probe. As
  /// ``Options/tcpKeepAlive``.
  public var tcpKeepAlive: Duration?

  /// The time between probes; `nil`: the silence before the first probe. As ``Options/tcpKeepAliveInterval``.
  public var tcpKeepAliveInterval: Duration?

  /// The number of probes without an answer that end the connection; less than 1 counts as 1. As
  /// ``Options/tcpKeepAliveProbes``.
  public var tcpKeepAliveProbes = 3

  /// The time that output may wait for a TCP peer to acknowledge it before the connection ends with `Errno.timedOut`;
  /// `nil` leaves it to the system. As ``Options/tcpUserTimeout``.
  public var tcpUserTimeout: Duration?

  /// Checks an address without looking up its host: for programs that read addresses from a user and refuse a wrong
  /// address at once.
  public static func check(address: String) throws(ConnectError) {
    _ = try ConnectTarget(address)
  }

  /// The kernel's receive buffer in bytes (`SO_RCVBUF`); `nil`: the system's.
  public var socketReceiveBuffer: Int?

  /// The kernel's send buffer in bytes (`SO_SNDBUF`); `nil`: the system's.
  public var socketSendBuffer: Int?
}
