#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Bionic)
  import Bionic
#endif

/// The index of the first byte in `bytes` that equals `byte`.
///
/// The C library scans a vector register at a time, which the compiler does not make of a loop that ends early.
@unsafe
func memoryOffset(of byte: UInt8, in bytes: UnsafeRawBufferPointer) -> Int? {
  guard let start = bytes.baseAddress else { return nil }
  guard let found = unsafe memchr(start, Int32(byte), bytes.count) else { return nil }
  return unsafe UnsafeRawPointer(found) - start
}
