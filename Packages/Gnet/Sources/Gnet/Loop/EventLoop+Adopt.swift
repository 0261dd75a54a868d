public import SystemPackage

extension EventLoop {
  /// Makes a connection one of this loop's: the mirror of detaching. Its unread bytes are offered first.
  ///
  /// From any thread. The connection's ``Connection/addressIndex`` is -1. An output that has ended stays so: the connection
  /// drops what is written to it, and closes when the peer's stream ends too.
  ///
  /// - Returns: the connection's handle. When the connection cannot be served, it is closed, and the handle is not open.
  @discardableResult
  public func adopt(_ detached: consuming DetachedConnection, _ service: Service) -> ConnectionHandle {
    let (unreadBytes, isOutputEnded) = (detached.unreadBytes, detached.isOutputEnded)
    return adopt(detached.release(), unreadBytes, isOutputEnded: isOutputEnded, service)
  }

  /// Makes a connected stream socket one of this loop's connections. The loop owns the descriptor, also when it fails.
  ///
  /// A socket that was shut down for writing fails with the first write: `closed` is called with `Errno.brokenPipe`.
  ///
  /// - Returns: the connection's handle. When the descriptor cannot be served, it is closed, and the handle is not open.
  @discardableResult
  public func adopt(_ descriptor: FileDescriptor, _ service: Service) -> ConnectionHandle {
    adopt(descriptor, [], isOutputEnded: false, service)
  }

  private func adopt(
    _ descriptor: FileDescriptor, _ unreadBytes: [UInt8], isOutputEnded: Bool, _ service: Service
  ) -> ConnectionHandle {
    let queue = HandleQueue(ofConnectionOn: self)
    let socket = OwnedSocket(adopting: descriptor.rawValue, of: system)
    let result = system.adopt(socket.fd)
    guard result == 0, let remote = try? system.peerAddress(of: socket.fd) else {
      queue.markGone()
      return ConnectionHandle(queue)
    }
    addConnection()
    let adoption = AcceptedSocket.Adoption(
      service, unreadBytes: unreadBytes, isOutputEnded: isOutputEnded, queue)
    post(.adopt(AcceptedSocket(socket: socket, addressIndex: -1, remote: remote, adoption: adoption)))
    return ConnectionHandle(queue)
  }
}
