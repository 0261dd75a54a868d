/// A descriptor with one owner. Dropping it closes the descriptor.
struct OwnedSocket: ~Copyable, Sendable {
  /// The descriptor; -1 after `release()`.
  private(set) var fd: Int32
  private let system: any SystemCalls

  init(adopting fd: Int32, of system: any SystemCalls) {
    self.fd = fd
    self.system = system
  }

  /// Returns the descriptor without closing it. The caller must close it.
  consuming func release() -> Int32 {
    let released = fd
    fd = -1
    return released
  }

  deinit { if fd >= 0 { system.close(fd) } }
}

/// An accepted connection on its way to its loop.
struct AcceptedSocket: ~Copyable, Sendable {
  let socket: OwnedSocket
  let addressIndex: Int
  let remote: SocketAddress

  /// Returns the descriptor without closing it. The caller must close it.
  consuming func takeDescriptor() -> Int32 { socket.release() }
}
