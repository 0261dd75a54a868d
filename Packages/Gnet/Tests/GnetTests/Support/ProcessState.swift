#if os(Linux)
  import Glibc
  import TestSupport
  import Testing

  /// The descriptors and threads of this process, as the kernel counts them. Meaningful where nothing else runs: in
  /// exit tests.
  struct ProcessState {
    /// The open descriptors by their numbers, and what each refers to.
    private let descriptors = Self.descriptors
    private let threadCount = Self.threadCount

    /// Requires that no descriptor and no thread has been added since this state was taken.
    ///
    /// A thread that was joined may be listed a moment longer. A kernel's kqueue ends with its descriptor; libkqueue closes
    /// what it has opened for it a moment later, on a thread of its own.
    func requireNothingLeft() throws {
      if isKqueueEmulated {
        try require("libkqueue has closed its own") { Self.descriptors.count <= descriptors.count }
      }
      let added = Self.descriptors.filter { descriptors[$0.key] != $0.value }
      try #require(added.isEmpty)
      try require("all threads are gone") { Self.threadCount <= threadCount }
    }

    /// Not counted: timers, of which the concurrency runtime opens one at any time.
    private static var descriptors: [Int32: String] {
      var found: [Int32: String] = [:]
      for fd in Int32(0)..<4096 {
        guard let target = target(of: fd), !target.hasSuffix("[timerfd]") else { continue }
        found[fd] = target
      }
      return found
    }

    /// Whether a descriptor is a socket.
    static func isSocket(_ fd: Int32) -> Bool { target(of: fd)?.hasPrefix("socket:") == true }

    /// The number of open descriptors.
    static var descriptorCount: Int { descriptors.count }

    private static func target(of fd: Int32) -> String? {
      var buffer = [UInt8](repeating: 0, count: 256)
      let count = unsafe buffer.withUnsafeMutableBytes {
        unsafe readlink("/proc/self/fd/\(fd)", $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
      }
      return count < 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
    }

    private static var threadCount: Int { entryCount(of: "/proc/self/task") }

    /// The memory of this process that is its own, in bytes.
    static var memory: Int { byteCount(of: "RssAnon:") }

    /// The number of parts of the address space of this process, such as stacks.
    static var mappingCount: Int { contents(of: "/proc/self/maps").utf8.count { $0 == UInt8(ascii: "\n") } }

    private static func byteCount(of field: String) -> Int {
      let text = contents(of: "/proc/self/status")
      let line = text.split(separator: "\n").first { $0.hasPrefix(field) } ?? ""
      return line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) }.map { $0 * 1024 } ?? 0
    }

    /// The number of descriptors that this process may have.
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
      var bytes: [UInt8] = []
      var buffer = [UInt8](repeating: 0, count: 16384)
      while true {
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(fd, $0.baseAddress, $0.count) }
        if count <= 0 { break }
        bytes += buffer[..<count]
      }
      return String(decoding: bytes, as: UTF8.self)
    }
  }
#endif
