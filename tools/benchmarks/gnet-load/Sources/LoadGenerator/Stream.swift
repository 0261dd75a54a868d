internal import CLoad

/// A connected socket, or TLS on it. Closed by its owner.
struct Stream {
  var fd: Int32 = -1
  private var tls: OpaquePointer?

  /// Whether bytes that the kernel has delivered may wait outside of the kernel.
  var isBuffered: Bool { tls != nil }

  /// No socket.
  init() {}

  /// Takes a connected socket; with `settings`, TLS begins on it.
  init(_ fd: Int32, _ settings: TLSSettings?, resumes: Bool) throws(LoadError) {
    self.fd = fd
    guard let settings else { return }
    tls = cload_tls_open(settings.pointer, fd, resumes ? 1 : 0)
    if tls == nil {
      _ = cload_close(fd)
      throw LoadError("TLS could not begin")
    }
  }

  /// Goes on with the handshake, if there is one: 0 when it is done, or a negated errno value, `EINPROGRESS` while it waits for
  /// the server.
  func handshake() -> Int { tls.map { Int(cload_tls_handshake($0)) } ?? 0 }

  /// Sends: the number of bytes, or a negated errno value, `EAGAIN` when the kernel takes nothing, and `EINPROGRESS` while the
  /// handshake of TLS waits for the server.
  @inline(__always)
  func send(_ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    if let tls { return cload_tls_send(tls, bytes, count) }
    return cload_send(fd, bytes, count)
  }

  /// Receives: the number of bytes, 0 at the end of the stream, or a negated errno value, `EAGAIN` when there are none.
  @inline(__always)
  func receive(_ bytes: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    if let tls { return cload_tls_receive(tls, bytes, count) }
    return cload_receive(fd, bytes, count)
  }

  /// Whether a session was offered to the server, which did not resume it.
  var isResumptionRefused: Bool { tls.map { cload_tls_is_refused($0) != 0 } ?? false }

  /// Whether a negative result is a reason to try again later.
  static func isTemporary(_ result: Int) -> Bool { result == Platform.wouldBlock || result == Platform.isHandshaking }

  /// Closes the socket, after close_notify of TLS.
  mutating func close() {
    if let tls { cload_tls_close(tls) }
    if fd >= 0 { _ = cload_close(fd) }
    self = Stream()
  }
}

// Unchecked, because a run has one thread.
/// The settings of TLS for all connections to a server.
final class TLSSettings: @unchecked Sendable {
  let pointer: OpaquePointer

  init() throws(LoadError) {
    guard let made = cload_tls_make() else { throw LoadError("TLS could not be set up") }
    pointer = made
  }
}
