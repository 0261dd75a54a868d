internal import SystemPackage

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

/// A client's end of a unix socket that never blocks; closed when dropped.
struct UnixSocket: ~Copyable {
  /// What came of a call that does not wait.
  enum Progress {
    case done(Int)
    case wouldBlock
  }

  let fd: Int32

  /// Makes a socket that is not connected. Corresponds to `socket(2)`.
  init() throws(Errno) {
    #if canImport(Darwin)
      fd = socket(AF_UNIX, SOCK_STREAM, 0)
      if fd >= 0 { _ = (fcntl(fd, F_SETFD, FD_CLOEXEC), fcntl(fd, F_SETFL, O_NONBLOCK)) }
    #else
      let type = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
      fd = socket(AF_UNIX, Int32(type), 0)
    #endif
    if fd < 0 { throw Errno(rawValue: errno) }
  }

  deinit { close(fd) }

  /// Connects to the socket at `path`; it would block if too many clients wait there already. Corresponds to `connect(2)`.
  borrowing func connect(to path: String) throws(Errno) -> Progress {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    let room = MemoryLayout.size(ofValue: address.sun_path)
    // A zero in the path, or no room for one at its end, would name another file.
    guard !bytes.isEmpty, bytes.count < room, !bytes.contains(0) else { throw .fileNameTooLong }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
    while true {
      let result = unsafe withUnsafePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          unsafe Self.connect(fd, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
      if result == 0 { return .done(0) }
      switch Errno(rawValue: errno) {
      case .interrupted: continue
      case .resourceTemporarilyUnavailable: return .wouldBlock
      case let error: throw error
      }
    }
  }

  /// Receives some bytes; 0 at the end of the stream. Corresponds to `recv(2)`.
  borrowing func receive(into room: UnsafeMutableRawBufferPointer) throws(Errno) -> Progress {
    while true {
      let count = unsafe recv(fd, room.baseAddress, room.count, 0)
      if count >= 0 { return .done(count) }
      switch Errno(rawValue: errno) {
      case .interrupted: continue
      case .resourceTemporarilyUnavailable: return .wouldBlock
      case let error: throw error
      }
    }
  }

  /// Whether there is a file at `path` that is no socket. Corresponds to `stat(2)`.
  static func isOtherFile(_ path: String) -> Bool {
    var status = stat()
    return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFSOCK
  }

  private static func connect(_ fd: Int32, _ address: UnsafePointer<sockaddr>, _ length: socklen_t) -> Int32 {
    #if canImport(Darwin)
      unsafe Darwin.connect(fd, address, length)
    #elseif canImport(Musl)
      unsafe Musl.connect(fd, address, length)
    #else
      unsafe Glibc.connect(fd, address, length)
    #endif
  }
}
