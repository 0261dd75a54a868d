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
/// Corresponds to `memchr(3)`, which scans a vector register at a time. The compiler does not make that of a plain loop.
@unsafe
func memoryOffset(of byte: UInt8, in bytes: UnsafeRawBufferPointer) -> Int? {
  guard let start = bytes.baseAddress else { return nil }
  guard let found = unsafe memchr(start, Int32(byte), bytes.count) else { return nil }
  return unsafe UnsafeRawPointer(found) - start
}

/// Allocates `byteCount` bytes that begin with the contents of `memory`, and frees `memory`; traps when out of memory.
@unsafe
func resizeMemory(_ memory: UnsafeMutableRawPointer?, to byteCount: Int) -> UnsafeMutableRawPointer {
  guard let resized = unsafe realloc(memory, byteCount) else { fatalError("RingBuffer: out of memory") }
  return unsafe resized
}

/// Frees memory that came from `resizeMemory(_:to:)`.
@unsafe
@usableFromInline
func freeMemory(_ memory: UnsafeMutableRawPointer?) { unsafe free(memory) }
