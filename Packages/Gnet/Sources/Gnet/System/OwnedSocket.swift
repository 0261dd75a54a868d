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
    assert(fd >= 0, "a descriptor is given away twice")
    let released = fd
    fd = -1
    return released
  }

  deinit { if fd >= 0 { system.close(fd) } }
}

/// A connection on its way to its loop: an accepted one, or one that the program hands in.
struct AcceptedSocket: ~Copyable, Sendable {
  let socket: OwnedSocket
  let addressIndex: Int
  let remote: SocketAddress
  /// The origin of a connection that no listener has accepted.
  let adoption: Adoption?

  /// The origin of a connection that the program hands in.
  final class Adoption: Sendable {
    let service: Service
    /// The bytes that were received before.
    let unreadBytes: [UInt8]
    /// Whether the peer has been told that nothing more will come.
    let isOutputEnded: Bool
    let queue: HandleQueue

    init(_ service: Service, unreadBytes: [UInt8], isOutputEnded: Bool, _ queue: HandleQueue) {
      self.service = service
      self.unreadBytes = unreadBytes
      self.isOutputEnded = isOutputEnded
      self.queue = queue
    }
  }

  /// Gives the socket up to the caller.
  consuming func takeSocket() -> OwnedSocket { socket }
}
