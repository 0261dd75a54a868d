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
/// The C library scans a vector register at a time, which the compiler does not make of a plain loop.
@unsafe
func memoryOffset(of byte: UInt8, in bytes: UnsafeRawBufferPointer) -> Int? {
  guard let start = bytes.baseAddress else { return nil }
  guard let found = unsafe memchr(start, Int32(byte), bytes.count) else { return nil }
  return unsafe UnsafeRawPointer(found) - start
}

/// Memory of `byteCount` bytes that holds what `memory` held, or nothing; `memory` is gone. Traps when there is none.
@unsafe
func resizeMemory(_ memory: UnsafeMutableRawPointer?, to byteCount: Int) -> UnsafeMutableRawPointer {
  guard let resized = unsafe realloc(memory, byteCount) else { fatalError("RingBuffer: out of memory") }
  return unsafe resized
}

/// Gives memory back that came from `resizeMemory(_:to:)`.
@unsafe
func freeMemory(_ memory: UnsafeMutableRawPointer?) { unsafe free(memory) }
