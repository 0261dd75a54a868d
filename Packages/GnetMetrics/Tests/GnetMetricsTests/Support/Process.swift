import SystemPackage

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// The descriptors of this process.
enum Descriptors {
  /// Has the system allow so many, if fewer are allowed.
  static func allow(_ count: UInt) throws {
    var limit = rlimit()
    unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    if limit.rlim_cur >= count { return }
    limit.rlim_cur = min(rlim_t(count), limit.rlim_max)
    guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur >= count else {
      throw Errno.tooManyOpenFiles
    }
  }

  /// How many are open.
  static var openCount: Int { (0..<Int32(4096)).count { fcntl($0, F_GETFD) >= 0 } }
}
