#if os(Linux)
  import Glibc
  import Testing

  /// What the kernel says of this process. Meaningful where nothing else runs: in exit tests.
  enum ProcessState {
    /// The open descriptors.
    static var descriptorCount: Int { entryCount(of: "/proc/self/fd") - 1 }

    /// The threads.
    static var threadCount: Int { entryCount(of: "/proc/self/task") }

    /// The memory of this process that is its own, in bytes.
    static var memory: Int {
      let text = contents(of: "/proc/self/status")
      let line = text.split(separator: "\n").first { $0.hasPrefix("RssAnon:") } ?? ""
      return line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) }.map { $0 * 1024 } ?? 0
    }

    /// How many descriptors this process may have.
    static var descriptorLimit: Int {
      get {
        var limit = rlimit()
        unsafe getrlimit(__rlimit_resource_t(7), &limit)
        return Int(clamping: limit.rlim_cur)
      }
      set {
        var limit = rlimit()
        unsafe getrlimit(__rlimit_resource_t(7), &limit)
        limit.rlim_cur = rlim_t(newValue)
        unsafe setrlimit(__rlimit_resource_t(7), &limit)
      }
    }

    private static func entryCount(of directory: String) -> Int {
      guard let stream = unsafe opendir(directory) else { return -1 }
      defer { unsafe closedir(stream) }
      var count = 0
      while let entry = unsafe readdir(stream) {
        if unsafe entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 }
      }
      return count
    }

    private static func contents(of path: String) -> String {
      let fd = unsafe open(path, O_RDONLY | O_CLOEXEC)
      defer { close(fd) }
      let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 16384) { room, count in
        unsafe count = max(0, read(fd, room.baseAddress, room.count))
      }
      return String(decoding: bytes, as: UTF8.self)
    }
  }
#endif
