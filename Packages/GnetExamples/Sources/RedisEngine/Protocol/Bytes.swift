/// Bytes owned by another value: an argument in the input, or a value in the keyspace.
typealias Bytes = Span<UInt8>

extension Span<UInt8> {
  /// A copy.
  var array: [UInt8] { unsafe withUnsafeBufferPointer { unsafe [UInt8]($0) } }

  /// The hash that selects a key's shard and finds the key in its table. Its seed is new in each process, so nobody can
  /// choose keys that collide.
  var keyHash: Int {
    var hasher = Hasher()
    unsafe withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
    return hasher.finalize()
  }

  /// The offset of the first `byte` from `start` on; the count if there is none.
  @inline(__always)
  func offset(of byte: UInt8, from start: Int) -> Int {
    var index = start
    while index < count, unsafe self[unchecked: index] != byte { index &+= 1 }
    return index
  }

  func equals(_ other: borrowing [UInt8]) -> Bool {
    guard count == other.count else { return false }
    return unsafe withUnsafeBytes { mine in
      unsafe other.withUnsafeBytes { unsafe Platform.compare(mine, $0, count: mine.count) == 0 }
    }
  }

  /// Whether the bytes are a word, in any case.
  ///
  /// - Parameter word: in lower case.
  func isWord(_ word: StaticString) -> Bool {
    guard count == word.utf8CodeUnitCount else { return false }
    for index in 0..<count where unsafe lowercased(self[index]) != word.utf8Start[index] { return false }
    return true
  }
}

/// Compares byte by byte. The shorter one comes first if it is the beginning of the other.
func precedes(_ left: borrowing [UInt8], _ right: borrowing [UInt8]) -> Bool {
  unsafe left.withUnsafeBytes { left in
    unsafe right.withUnsafeBytes { right in
      let shared = min(left.count, right.count)
      let order = unsafe Platform.compare(left, right, count: shared)
      return order != 0 ? order < 0 : left.count < right.count
    }
  }
}

@inline(__always)
func lowercased(_ byte: UInt8) -> UInt8 {
  byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
}
