/// A descriptor that is closed when it is dropped.
struct OwnedSocket: ~Copyable, Sendable {
  /// The descriptor; -1 once it has been given up.
  private(set) var fd: Int32
  private let system: any SystemCalls

  init(adopting fd: Int32, of system: any SystemCalls) {
    self.fd = fd
    self.system = system
  }

  /// Gives the descriptor up without closing it.
  consuming func release() -> Int32 {
    let released = fd
    fd = -1
    return released
  }

  deinit { if fd >= 0 { system.close(fd) } }
}

/// A connection that was accepted and is on its way to its loop.
struct AcceptedSocket: ~Copyable, Sendable {
  let socket: OwnedSocket
  let addressIndex: Int
  let remote: SocketAddress

  /// Gives the descriptor up without closing it.
  consuming func takeDescriptor() -> Int32 { socket.release() }
}
