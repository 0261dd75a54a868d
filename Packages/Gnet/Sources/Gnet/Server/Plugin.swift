/// An observer of a server on every loop, such as a collector of metrics.
///
/// Every requirement has a default that does nothing.
public protocol Plugin: Sendable {
  /// Called once, before anything else of this plugin, when every address is bound and no loop runs yet.
  func started(_ server: Server)

  /// Called on every loop's own thread right after its start, and again whenever the returned delay has passed.
  /// - Returns: the delay, or `nil` for no more calls on this loop. A negative delay counts as a millisecond.
  func tick(_ loop: EventLoop) -> Duration?

  /// Called on the connection's loop before every system call that writes to a client, with the number of bytes
  /// offered to it.
  func preWrite(_ connection: inout Connection, byteCount: Int)

  /// A server that the plugin runs for itself, such as one that is asked for metrics. Its listeners go along when the server
  /// is handed over: see ``Server/handOver(to:)``.
  var companion: Server? { get }

  /// Called when a successor has taken over the listeners of the server and of ``companion``, before the server shuts down. A
  /// companion that accepts no connections any more leaves them to the successor.
  func handedOver(_ server: Server)

  /// Called once, after the last callback, when all loops have ended.
  func stopped(_ server: Server)
}

extension Plugin {
  /// Does nothing.
  public func started(_ server: Server) {}
  /// Does nothing, and asks for no more calls.
  public func tick(_ loop: EventLoop) -> Duration? { nil }
  /// Does nothing.
  public func preWrite(_ connection: inout Connection, byteCount: Int) {}
  /// No server.
  public var companion: Server? { nil }
  /// Does nothing.
  public func handedOver(_ server: Server) {}
  /// Does nothing.
  public func stopped(_ server: Server) {}
}
