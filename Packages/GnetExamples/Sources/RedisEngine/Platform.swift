#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

internal import CRedisEngine

/// The calls of the C library that this target makes, in types of Swift. No other file imports it.
enum Platform {
  /// The time in milliseconds since 1970.
  ///
  /// Corresponds to `clock_gettime(2)`, which is not a system call where there is a vDSO.
  static var milliseconds: Int {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
  }

  /// The number of this process. Corresponds to `getpid(2)`.
  static var processID: Int { Int(getpid()) }

  /// The processor time of this process in user mode and in the kernel. Corresponds to `getrusage(2)`.
  static var processorSeconds: (user: Double, system: Double) {
    var user = 0.0
    var system = 0.0
    unsafe credis_processor_seconds(&user, &system)
    return (user, system)
  }

  /// The bytes that this process has allocated; 0 where the system does not tell.
  static var allocatedBytes: Int { credis_allocated() }

  /// Compares the first `count` bytes: below zero if the left ones come first, zero if all are equal.
  ///
  /// Corresponds to `memcmp(3)`.
  @inline(__always)
  static func compare(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer, count: Int) -> Int32 {
    unsafe credis_compare(left.baseAddress, right.baseAddress, count)
  }

  /// The number at the start of a text, and the length of the text that was read as one. Corresponds to `strtod(3)`.
  ///
  /// - Parameter text: ends with a zero byte.
  /// - Returns: `isOutOfRange` tells that the number is too large or too small for `Double`.
  static func number(in text: [UInt8]) -> (value: Double, length: Int, isOutOfRange: Bool) {
    unsafe text.withUnsafeBytes { text in
      let start = unsafe text.assumingMemoryBound(to: CChar.self).baseAddress!
      var value = 0.0
      var length = 0
      let isOutOfRange = unsafe credis_read_double(start, &value, &length)
      return (value, length, isOutOfRange)
    }
  }

  /// The decimal text of a number with 17 significant digits. Corresponds to `printf(3)` with `%.17g`.
  static func text(of number: Double) -> [UInt8] {
    var text = [CChar](repeating: 0, count: 40)
    let length = unsafe withVaList([number]) { unsafe vsnprintf(&text, 40, "%.17g", $0) }
    return text[..<Int(length)].map { UInt8(bitPattern: $0) }
  }
}
