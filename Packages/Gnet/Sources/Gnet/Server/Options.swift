public import Logging
public import SystemPackage

/// The settings of a server: everything that is not a callback. The defaults suit most servers.
public struct Options: Sendable {
  /// Creates the default options.
  public init() {}

  /// The number of event loops, at least 1; `nil` leaves it to `Events.multicore`.
  public var loopCount: Int?

  /// The dealing of accepted connections to the loops. Addresses with `reuseport=true` are dealt by the kernel.
  public var loadBalancing: LoadBalancing = .roundRobin

  /// Whether small writes leave at once instead of waiting to be joined (`TCP_NODELAY`).
  public var tcpNoDelay = true

  /// The silence after which a TCP peer is probed (`TCP_KEEPIDLE`); `nil` leaves it to the system, which does not probe.
  /// Rounded up to whole seconds.
  ///
  /// After ``tcpKeepAliveProbes`` probes without an answer the connection ends with `Errno.timedOut`. By default, a peer that
  /// is gone is found within four times this time. While output waits for a peer, TCP does not probe: see
  /// ``tcpUserTimeout``.
  public var tcpKeepAlive: Duration?

  /// The time between probes of ``tcpKeepAlive`` (`TCP_KEEPINTVL`); `nil`: the silence before the first probe. Rounded up to
  /// whole seconds.
  public var tcpKeepAliveInterval: Duration?

  /// The number of probes of ``tcpKeepAlive`` without an answer that end a connection (`TCP_KEEPCNT`), at least 1.
  public var tcpKeepAliveProbes = 3

  /// The time that output may wait for a TCP peer to acknowledge it before the connection ends with `Errno.timedOut`
  /// (`TCP_USER_TIMEOUT`); `nil` leaves it to the system: about a quarter of an hour on Linux. Rounded up to milliseconds.
  ///
  /// On Linux, it also takes the place of the number of probes of ``tcpKeepAlive``. On macOS and FreeBSD it is rounded up to
  /// seconds; OpenBSD and NetBSD have nothing like it.
  public var tcpUserTimeout: Duration?

  /// The number of bytes that a loop receives at once, at least 1. One such buffer is shared by all connections of a loop.
  public var readBufferCapacity = 65536

  /// A connection with as many bytes of output pending is not read from, until they have gone down to
  /// ``outboundLowWatermark``; a handle refuses to add to them.
  public var outboundHighWatermark = 1 << 20

  /// Reading starts again when no more bytes of output than this are pending; at most ``outboundHighWatermark`` counts.
  public var outboundLowWatermark = 256 << 10

  /// The number of stream connections that may be open at once; further ones are accepted and closed at once, so that
  /// their peers learn of it. `nil`: as many as there are descriptors.
  ///
  /// Lingering connections share the descriptors with open ones: at the limit, the longest-lingering connection is
  /// given up. Without a limit, they have a quarter of the descriptors at most.
  public var maxConnections: Int?

  /// After how long without a byte received or sent a stream connection is closed with `Errno.timedOut`;
  /// `nil`: never. It happens up to a thousandth part late. It ends closing connections too, whose peers do not read
  /// what is left to send.
  public var idleTimeout: Duration?

  /// After how long without a byte *received* a stream connection is closed with `Errno.timedOut`; `nil`: never. A peer
  /// that is gone does not live on by what it is sent. Time in which the connection is not read from does not count. Before
  /// `opened`, while a ``ConnectionFilter`` is established, nothing is called.
  public var readTimeout: Duration?

  /// Whether a handler may go on writing after the end of the peer's stream: `react` is called once more
  /// with `isInputEnded`, and the connection stays open until the handler closes it.
  public var allowHalfClosure = false

  /// The time for which a shutdown lets connections finish, and waits for pending output to be sent.
  public var drainTimeout: Duration = .seconds(3)

  /// For how long a closed connection's peer may send nothing while its input is thrown away; zero: a connection is never
  /// waited for. A reset that the input would cause could destroy what the peer has not read.
  public var lingerTimeout: Duration = .seconds(2)

  /// For how long a closed connection's input is thrown away at the most, from a peer that never stops sending.
  public var lingerLimit: Duration = .seconds(30)

  /// The kernel's receive buffer per connection in bytes (`SO_RCVBUF`); `nil`: the system's.
  public var socketReceiveBuffer: Int?

  /// The kernel's send buffer per connection in bytes (`SO_SNDBUF`); `nil`: the system's.
  public var socketSendBuffer: Int?

  /// The permissions of the files of unix sockets; `nil`: what the process's umask leaves.
  public var unixSocketPermissions: FilePermissions?

  /// The observers of the server. The observers of `Events.install` come behind them.
  public var plugins: [any Plugin] = []

  /// The log of trouble that no caller hears of, such as a shortage of descriptors; `nil`: nowhere.
  public var logger: Logger?

  /// Throws on a value that makes no sense.
  func check() throws(ServeError) {
    func require(_ holds: Bool, _ what: String) throws(ServeError) {
      if !holds { throw .invalidOptions("Options.\(what)") }
    }
    try require(loopCount ?? 1 >= 1, "loopCount must be at least 1, not \(loopCount ?? 0)")
    try require(readBufferCapacity >= 1, "readBufferCapacity must be at least 1, not \(readBufferCapacity)")
    try require(outboundHighWatermark >= 0, "outboundHighWatermark must not be negative: \(outboundHighWatermark)")
    try require(outboundLowWatermark >= 0, "outboundLowWatermark must not be negative: \(outboundLowWatermark)")
    try require(maxConnections ?? 0 >= 0, "maxConnections must not be negative: \(maxConnections ?? 0)")
    try require(tcpKeepAlive ?? .seconds(1) > .zero, "tcpKeepAlive must be longer than nothing; nil is for no probes")
    try require(tcpKeepAliveInterval ?? .seconds(1) > .zero, "tcpKeepAliveInterval must be longer than nothing")
    try require(tcpKeepAliveProbes >= 1, "tcpKeepAliveProbes must be at least 1, not \(tcpKeepAliveProbes)")
    try require(
      tcpUserTimeout ?? .seconds(1) > .zero, "tcpUserTimeout must be longer than nothing; nil is the system's")
    try require(idleTimeout ?? .seconds(1) > .zero, "idleTimeout must be longer than nothing; nil is for no time-out")
    try require(readTimeout ?? .seconds(1) > .zero, "readTimeout must be longer than nothing; nil is for no time-out")
    try require(drainTimeout >= .zero, "drainTimeout must not be negative: \(drainTimeout)")
    try require(lingerTimeout >= .zero, "lingerTimeout must not be negative: \(lingerTimeout)")
    try require(lingerLimit >= .zero, "lingerLimit must not be negative: \(lingerLimit)")
    try require(socketReceiveBuffer ?? 0 >= 0, "socketReceiveBuffer must not be negative: \(socketReceiveBuffer ?? 0)")
    try require(socketSendBuffer ?? 0 >= 0, "socketSendBuffer must not be negative: \(socketSendBuffer ?? 0)")
  }

  #if DEBUG
    /// Faults that a test plants in this server.
    var faults: FaultPlan?
  #endif
}

/// A rule that deals accepted connections to the loops.
public enum LoadBalancing: Sendable, Hashable {
  /// To each loop in turn.
  case roundRobin
  /// To the loop with the fewest open connections.
  case leastConnections
  /// By a hash of the peer's host without its port, so that one host's connections share a loop. For an
  /// unnamed unix socket the peer's process takes the place of the host.
  case sourceAddressHash
}
