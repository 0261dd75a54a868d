public import RingBuffer

/// The callbacks that make up a server; every one may be left out.
///
/// All callbacks of one connection run on the thread of the loop that it belongs to, so they never overlap.
/// A connection's order is `onOpened`, any number of `react`, then exactly one of `onClosed` and `onDetached`.
/// A datagram has only `react`.
public struct Events: Sendable {
  /// Creates a set without any callback.
  public init() {}

  /// Whether there is one loop per processor that the process may use, or a single loop.
  /// `Options.loopCount` wins over it.
  public var multicore = false

  /// Called once, on the thread that called `serve`, when every address is bound and listening and no loop
  /// runs yet. Returning `.shutdown` makes `serve` return; nothing else is called then.
  public var onInitComplete: (@Sendable (Server) -> Action)?

  /// Called once per stream connection, before anything else of it. Its output goes out first.
  public var onOpened: (@Sendable (inout Connection) -> Action)?

  /// Called once per opened stream connection that was not detached. The error is `nil` if the peer has ended its
  /// stream or this side has closed the connection; otherwise the `Errno` of the failure, or the error of a
  /// ``ConnectionFilter``.
  ///
  /// Everything that had arrived was offered to `react` before, and what was written was sent as far as the peer took it.
  public var onClosed: (@Sendable (inout Connection, (any Error)?) -> Action)?

  /// Called instead of `onClosed` when a connection was detached: it belongs to the callee from here.
  /// Without it, `.detach` means `.close`.
  public var onDetached: (@Sendable (inout Connection, consuming DetachedConnection) -> Action)?

  /// Called when bytes have arrived, when a datagram has, and after a wake. The buffer holds all unread bytes. Bytes
  /// that the callback leaves are in the buffer again the next time (a datagram's are gone).
  public var react: (@Sendable (inout Connection, inout RingBuffer) -> Action)?

  /// Called when pending output has fallen to `Options.outboundLowWatermark` after having reached the high watermark.
  /// `react` follows when unread bytes are left.
  public var onDrained: (@Sendable (inout Connection) -> Action)?

  /// Called when the time of ``Connection/setTimeout(_:)`` has passed; what had arrived by then has been offered to
  /// `react` before. `.close`, also without a callback, closes with `Errno.timedOut`.
  ///
  /// A close waits for pending output. If the connection is closing or detaching already, `.close` ends it at once and drops
  /// the output that its peer has not taken; `.none` lets it go on.
  public var onTimeout: (@Sendable (inout Connection) -> Action)?

  /// Called once per open stream connection when the server begins to shut down; what had arrived was offered to `react`
  /// before. With `.none` the connection goes on until it closes itself or `Options.drainTimeout` is over. Without a
  /// callback it is closed.
  public var onShutdown: (@Sendable (inout Connection) -> Action)?

  /// Called before every system call that writes to a client, with the number of bytes offered to it.
  public var preWrite: (@Sendable (inout Connection, _ byteCount: Int) -> Void)?

  /// Called on loop 0 right after the start, and again whenever the delay that it returned has passed. No delay is the next
  /// turn of the loop, which does not sleep then; a negative delay counts as a millisecond. For a steady rate, see
  /// ``EventLoop/every(_:_:)``.
  /// Only a `.shutdown` has an effect; the other actions have no connection to act on.
  public var tick: (@Sendable () -> (delay: Duration, action: Action))?

  /// The plugins in the order they were installed.
  private(set) var plugins: [any Plugin] = []

  /// Adds a plugin. Plugins are called in the order they were installed, before the callback of the same event.
  public mutating func install(_ plugin: any Plugin) {
    plugins.append(plugin)
  }
}
