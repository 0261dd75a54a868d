#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The calls of the C library that this target makes, in types of Swift. No other file imports it.
enum Platform {
  /// The number of this process. Corresponds to `getpid(2)`.
  static var processID: UInt32 { UInt32(bitPattern: getpid()) }

  /// The time in nanoseconds since 1970-01-01 00:00 UTC.
  ///
  /// Corresponds to `clock_gettime(2)`, which is no system call where there is a vDSO.
  static var wallTime: UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }

  /// The name of this host; empty if the system does not tell. Corresponds to `gethostname(2)`.
  static var hostName: String {
    // The longest name there is, and a zero: the system may leave it out where it cuts a name off.
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 257) { buffer in
      unsafe buffer.initialize(repeating: 0)
      guard unsafe gethostname(buffer.baseAddress!, buffer.count - 1) == 0 else { return "" }
      return unsafe String(cString: buffer.baseAddress!)
    }
  }
}
