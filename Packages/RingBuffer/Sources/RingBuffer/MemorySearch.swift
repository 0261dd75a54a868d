// Searches that the C library lacks: a vector register at a time, as the compiler does not make them of plain loops.

private typealias Block = SIMD32<UInt8>

/// The index of the last byte in `bytes` that equals `byte`.
@unsafe
func lastMemoryOffset(of byte: UInt8, in bytes: UnsafeRawBufferPointer) -> Int? {
  let blockOfByte = Block(repeating: byte)
  var end = bytes.count
  while end >= Block.scalarCount {
    let block = unsafe bytes.loadUnaligned(fromByteOffset: end &- Block.scalarCount, as: Block.self)
    if any(block .== blockOfByte) { break }
    end &-= Block.scalarCount
  }
  while end > 0 {
    end &-= 1
    if unsafe bytes[end] == byte { return end }
  }
  return nil
}

/// The index of the first byte in `bytes` that equals `first` and is the last one or followed by `second`.
///
/// Behind the first candidate the search looks for both bytes at once, so that a peer gains nothing by sending nothing
/// but `first`. The `memmem(3)` of the C library would not say that a match may begin at the end.
@unsafe
func memoryOffset(of first: UInt8, before second: UInt8, in bytes: UnsafeRawBufferPointer) -> Int? {
  guard var position = unsafe memoryOffset(of: first, in: bytes) else { return nil }
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
