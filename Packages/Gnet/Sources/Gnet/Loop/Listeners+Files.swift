internal import Logging
internal import Poller
internal import SystemPackage

// The file of a unix socket may be removed while the socket is in use, such as by a program that cleans up /tmp. The socket
// does not hear of that, and nobody can connect any more. So the file of each listening socket is looked at from time to
// time, and a path without a file is bound again. A file that is not the socket's is somebody else's, and left alone.
extension Listeners {
  /// The time between two looks at a file.
  static var fileInterval: Duration { .seconds(2) }

  /// Has the file of a socket looked at after a while.
  func setFileTimer(_ id: Int, _ turn: inout Turn<System>) { _ = turn.setTimer(.file(id), after: Self.fileInterval) }

  /// Whether the file of a socket has gone, so that the path is to be bound again. The file is looked at again after a while.
  mutating func hasLostFile(_ id: Int, _ turn: inout Turn<System>) -> Bool {
    // A listener that was closed has no file to look at.
    guard let file = sockets[id]?.socket.file else { return false }
    setFileTimer(id, &turn)
    // Another process answers for the file before and after a hand-over.
    guard file.isOwned else { return false }
    switch file.condition {
    case .inPlace:
      sockets[id]!.hasReportedFile = false
      return false
    case .gone:
      return true
    case .replaced:
      reportFile(id, turn, "another file has taken the place of \(file.path): clients do not reach this server there")
      return false
    }
  }

  /// Binds the path of a socket again. No connection may wait at the old socket, which is closed.
  mutating func bindAgain(_ id: Int, _ turn: inout Turn<System>) {
    guard let old = sockets[id]?.socket, let path = old.file?.path else {
      return assertionFailure("a socket without a file has lost it")
    }
    do {
      let new = try Address("unix://\(path)").bindUnix(
        index: old.addressIndex, backlog: old.backlog, options: turn.options, name: old.address, on: turn.system)
      assert(new.addressIndex == old.addressIndex && new.file?.path == path)
      let watched = WatchedSocket(new, .listener(id), retry: .listener(id))
      try watched.add(.readable, &turn)
      sockets[id]!.remove(&turn)
      sockets[id] = watched
      turn.server.succession.replace(old, by: new)
      turn.options.logger?.warning("\(path) was removed by another program, and is bound again")
    } catch {
      reportFile(
        id, turn,
        "\(path) was removed by another program, and cannot be bound again, trying every \(Self.fileInterval): \(error)"
      )
    }
  }

  /// Logs that the file of a socket is not in its place, once until the file is there again.
  private mutating func reportFile(_ id: Int, _ turn: borrowing Turn<System>, _ message: @autoclosure () -> String) {
    assert(sockets[id]?.socket.file != nil)
    if sockets[id]!.hasReportedFile { return }
    sockets[id]!.hasReportedFile = true
    let text = message()
    turn.options.logger?.warning("\(text)")
  }
}
