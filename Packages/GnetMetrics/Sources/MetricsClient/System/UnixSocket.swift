internal import SystemPackage

/// A client's end of a unix socket that never blocks; closed when dropped.
struct UnixSocket: ~Copyable {
  /// The outcome of a call that does not wait.
  enum Progress {
    case done(Int)
    case wouldBlock
  }

  let fd: Int32

  /// Makes a socket that is not connected.
  init() throws(Errno) { fd = try Platform.makeUnixSocket() }

  deinit { try? FileDescriptor(rawValue: fd).close() }

  /// Connects to the socket at `path`. Would block where too many clients wait there already.
  borrowing func connect(to path: String) throws(Errno) -> Progress {
    try Self.attempt { () throws(Errno) in
      try Platform.connectUnixSocket(fd, to: path)
      return 0
    }
  }

  /// Receives bytes; 0 at the end of the stream.
  borrowing func receive(into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Progress {
    try Self.attempt { () throws(Errno) in try unsafe Platform.receive(fd, into: buffer) }
  }

  /// Makes a call anew as long as signals interrupt it.
  private static func attempt(_ call: () throws(Errno) -> Int) throws(Errno) -> Progress {
    while true {
      do throws(Errno) {
        return .done(try call())
      } catch .interrupted {
        continue
      } catch .resourceTemporarilyUnavailable {
        return .wouldBlock
      }
    }
  }
}
