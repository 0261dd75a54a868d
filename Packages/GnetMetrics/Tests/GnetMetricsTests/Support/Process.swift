import SystemPackage
import TestSupport

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// The descriptors of this process.
enum Descriptors {
  /// Raises the limit of the system to `count` descriptors, if it is lower.
  static func allow(_ count: UInt) throws {
    var limit = rlimit()
    unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    if limit.rlim_cur >= count { return }
    limit.rlim_cur = min(rlim_t(count), limit.rlim_max)
    guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur >= count else {
      throw Errno.tooManyOpenFiles
    }
  }

  /// The number of open sockets. A loop may have a timer more when it gets busy.
  static var socketCount: Int {
    (0..<Int32(4096)).count { fd in
      var status = stat()
      return unsafe fstat(fd, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
    }
  }

  /// Takes all that this process may have.
  static func exhaust() {
    var limit = rlimit()
    // A few more than there are, so that there is something to give back.
    limit.rlim_cur = rlim_t((0..<4096).last { fcntl($0, F_GETFD) >= 0 }! + 1 + 8)
    limit.rlim_max = limit.rlim_cur
    let result = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    precondition(result == 0, "the limit cannot be lowered")
    while true {
      let fd = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
      if fd < 0 { break }
      taken.add(fd)
    }
  }

  /// Gives back what ``exhaust()`` has taken.
  static func giveBack() { for fd in taken.values { close(fd) } }

  private static let taken = Log<Int32>()

  /// The descriptors by which loops wait.
  static var pollers: Set<Int32> {
    Set(
      (0..<Int32(1024)).filter { fd in
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = unsafe buffer.withUnsafeMutableBytes {
          unsafe readlink("/proc/self/fd/\(fd)", $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
        }
        return count > 0 && String(decoding: buffer[..<count], as: UTF8.self) == "anon_inode:[eventpoll]"
      })
  }
}
