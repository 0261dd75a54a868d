import Synchronization
import SystemPackage
import Testing

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// The address of a unix socket as the system takes it.
struct UnixAddress {
  private var raw = sockaddr_un()

  init(_ path: String) {
    raw.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &raw.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
  }

  func withSockaddr<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
    unsafe withUnsafePointer(to: raw) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }
}

/// A listening unix socket of a server that behaves badly.
final class BadServer: Sendable {
  let path: String
  private let fd: Int32
  /// Whether no thread accepts clients, or not any more.
  private let isIdle = Atomic<Bool>(true)

  /// Listens and never accepts: to a client it hangs.
  init(path: String = temporaryPath(), backlog: Int32 = 128) throws {
    self.path = path
    fd = try Files.bindSocket(to: path)
    try #require(listen(fd, backlog) == 0)
  }

  /// Sends the same bytes to each client, for ever if so wanted, and then closes unless told not to.
  static func sending(_ bytes: [UInt8], closing: Bool = true, endlessly: Bool = false) throws -> BadServer {
    let server = try BadServer()
    server.isIdle.store(false, ordering: .relaxed)
    try Background.run {
      var kept: [Int32] = []
      while true {
        let client = accept(server.fd, nil, nil)
        if client < 0 { break }
        var count = 0
        repeat {
          count = unsafe bytes.withUnsafeBytes {
            unsafe send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
          }
        } while endlessly && count >= 0
        if closing { close(client) } else { kept.append(client) }
      }
      for client in kept { close(client) }
      server.isIdle.store(true, ordering: .releasing)
    }
    return server
  }

  /// Ends it and removes its file.
  func stop() {
    shutdown(fd, Int32(SHUT_RDWR))
    // Closed before, its number could be another server's by the time of the next accept.
    while !isIdle.load(ordering: .acquiring) { sched_yield() }
    close(fd)
    Files.remove(path)
  }
}

/// Operations of tests on files.
enum Files {
  static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

  static func remove(_ path: String) { unsafe _ = unlink(path) }

  static func makeFile(_ path: String) { close(unsafe open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)) }

  static func permissions(of path: String) -> Int {
    var status = stat()
    return unsafe stat(path, &status) == 0 ? Int(status.st_mode & 0o777) : -1
  }

  /// A socket that is bound to `path` and that nobody listens on; closing it leaves the file there.
  static func bindSocket(to path: String) throws -> Int32 {
    let fd = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    let result = unsafe UnixAddress(path).withSockaddr { unsafe bind(fd, $0, $1) }
    try #require(result == 0)
    return fd
  }
}

/// A path in the temporary directory that is not in use, short enough for a socket.
func temporaryPath() -> String { "/tmp/gnet-metrics-\(getpid())-\(UInt32.random(in: 0 ... .max))" }
