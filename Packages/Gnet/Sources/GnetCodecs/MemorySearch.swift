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
/// The C library scans a vector at a time, which the compiler does not make of a loop that ends early.
@unsafe
func memoryOffset(of byte: UInt8, in bytes: UnsafeRawBufferPointer) -> Int? {
  guard let start = bytes.baseAddress else { return nil }
  guard let found = unsafe memchr(start, Int32(byte), bytes.count) else { return nil }
  return unsafe UnsafeRawPointer(found) - start
}

/// The index of the first byte in `bytes` that equals `first` and is the last one or followed by `second`.
///
/// Behind the first candidate it looks for both at once, so that a peer gains nothing by sending nothing but
/// `first`. The C library's `memmem(3)` would not say that a match may begin at the end.
@unsafe
func memoryOffset(of first: UInt8, before second: UInt8, in bytes: UnsafeRawBufferPointer) -> Int? {
  guard var position = unsafe memoryOffset(of: first, in: bytes) else { return nil }
  typealias Block = SIMD32<UInt8>
  let firsts = Block(repeating: first)
  let seconds = Block(repeating: second)
  while bytes.count - position > Block.scalarCount {
    let block = unsafe bytes.loadUnaligned(fromByteOffset: position, as: Block.self)
    let following = unsafe bytes.loadUnaligned(fromByteOffset: position &+ 1, as: Block.self)
    if any((block .== firsts) .& (following .== seconds)) { break }
    position &+= Block.scalarCount
  }
  while position < bytes.count {
    let isLast = position &+ 1 == bytes.count
    if unsafe bytes[position] == first && (isLast || bytes[position &+ 1] == second) { return position }
    position &+= 1
  }
  return nil
}
