#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The calls of the C library that this target makes, in types of Swift. No other file imports it.
enum Platform {
  /// The time in seconds since 1970. Corresponds to `time(2)`, which is not a system call where there is a vDSO.
  static var currentSecond: Int { time(nil) }
}
