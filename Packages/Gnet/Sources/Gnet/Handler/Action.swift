/// The answer of a callback: what is to be done with the connection.
public enum Action: Sendable, Hashable {
  /// Nothing.
  case none
  /// Hand the connection over to `onDetached`, after pending output was sent. Closes a connection with a
  /// ``ConnectionFilter``, with `Errno.notSupported`.
  case detach
  /// Close the connection, after pending output was sent.
  case close
  /// End the server in order, as `Server.shutdown()` does.
  case shutdown
}
