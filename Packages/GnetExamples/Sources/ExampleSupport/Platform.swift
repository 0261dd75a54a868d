#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

/// The calls of the C library that this target makes, in types of Swift. No other file imports it.
enum Platform {
  /// Writes out all that standard output has buffered. Corresponds to `fflush(3)`.
  static func flushOutput() { fflush(nil) }
}
