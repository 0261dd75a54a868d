public import SystemPackage

extension EventLoop {
  /// Makes a connection one of this loop's: the mirror of detaching. Its unread bytes are offered first.
  ///
  /// From any thread. The connection's ``Connection/addressIndex`` is -1.
  ///
  /// - Returns: the connection's handle. When the connection cannot be served, it is closed, and the handle is not open.
  @discardableResult
  public func adopt(_ detached: consuming DetachedConnection, _ service: Service) -> ConnectionHandle {
    let unreadBytes = detached.unreadBytes
    return adopt(detached.release(), unreadBytes, service)
  }

  /// Makes a connected stream socket one of this loop's connections. The loop owns the descriptor, also when it fails.
  ///
  /// - Returns: the connection's handle. When the descriptor cannot be served, it is closed, and the handle is not open.
  @discardableResult
  public func adopt(_ descriptor: FileDescriptor, _ service: Service) -> ConnectionHandle {
    adopt(descriptor, [], service)
  }

  private func adopt(
    _ descriptor: FileDescriptor, _ unreadBytes: [UInt8], _ service: Service
  ) -> ConnectionHandle {
    let queue = HandleQueue(ofConnectionOn: self)
    let socket = OwnedSocket(adopting: descriptor.rawValue, of: system)
    let result = system.adopt(socket.fd)
    guard result == 0, let remote = try? system.peerAddress(of: socket.fd) else {
      queue.markGone()
      return ConnectionHandle(queue)
    }
    addConnection()
    let adoption = AcceptedSocket.Adoption(service, unreadBytes: unreadBytes, queue)
    post(.adopt(AcceptedSocket(socket: socket, addressIndex: -1, remote: remote, adoption: adoption)))
    return ConnectionHandle(queue)
  }
}
