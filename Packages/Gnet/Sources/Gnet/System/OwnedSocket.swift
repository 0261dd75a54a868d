internal import SystemPackage

/// A descriptor that is closed when it is dropped.
struct OwnedSocket: ~Copyable, Sendable {
  let fd: Int32

  init(adopting fd: Int32) { self.fd = fd }

  /// Gives the descriptor up without closing it.
  consuming func release() -> Int32 {
    let fd = fd
    discard self
    return fd
  }

  deinit { Syscalls.closeDescriptor(fd) }
}

/// A connection that was accepted and is on its way to its loop.
struct AcceptedSocket: ~Copyable, Sendable {
  let socket: OwnedSocket
  let addressIndex: Int
  let remote: SocketAddress

  /// Gives the descriptor up without closing it.
  consuming func takeDescriptor() -> Int32 { socket.release() }
}
