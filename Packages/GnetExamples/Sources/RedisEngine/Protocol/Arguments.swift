/// The range of an argument among the bytes of its request.
struct ArgumentRange: Equatable, Sendable {
  var offset: Int
  var count: Int
}

/// The arguments of a request, with the name of the command first. They are views of the input, valid as long as the
/// command runs.
struct Arguments: ~Escapable {
  private let bytes: Bytes
  private let ranges: Span<ArgumentRange>
  private var knownHash: Int?

  @_lifetime(copy bytes, copy ranges)
  init(_ bytes: Bytes, _ ranges: Span<ArgumentRange>) {
    self.bytes = bytes
    self.ranges = ranges
  }

  var count: Int { ranges.count }

  subscript(index: Int) -> Bytes {
    @inline(__always)
    @_lifetime(copy self)
    get {
      let range = ranges[index]
      return bytes.extracting(range.offset..<range.offset + range.count)
    }
  }

  /// The hash of the argument that is the first key, computed once: it selects the shard and then the key.
  @_lifetime(self: copy self)
  mutating func hashFirstKey() -> Int {
    let hash = self[1].keyHash
    knownHash = hash
    return hash
  }

  /// An argument as a key.
  @_lifetime(copy self)
  func key(_ index: Int) -> Key {
    let bytes = self[index]
    if index == 1, let knownHash { return Key(bytes, hash: knownHash) }
    return Key(bytes)
  }

  /// Copies of the bytes and ranges, for a request that outlives its input.
  func copied() -> (bytes: [UInt8], ranges: [ArgumentRange]) {
    var copy: [UInt8] = []
    var copiedRanges: [ArgumentRange] = []
    for index in 0..<count {
      copiedRanges.append(ArgumentRange(offset: copy.count, count: self[index].count))
      unsafe self[index].withUnsafeBufferPointer { unsafe copy.append(contentsOf: $0) }
    }
    return (copy, copiedRanges)
  }

  func integer(_ index: Int) throws(ReplyError) -> Int {
    guard let value = self[index].integer else { throw .notAnInteger }
    return value
  }

  func double(_ index: Int, orThrow error: ReplyError = .notAFloat) throws(ReplyError) -> Double {
    guard let value = self[index].double else { throw error }
    return value
  }

  /// The number of elements that a client asks for.
  func elementCount(_ index: Int) throws(ReplyError) -> Int {
    guard let value = self[index].integer, value >= 0 else { throw .notPositive }
    return value
  }
}

/// A key with its hash.
struct Key: ~Escapable {
  let bytes: Bytes
  let hash: Int

  @_lifetime(copy bytes)
  init(_ bytes: Bytes, hash: Int) {
    self.bytes = bytes
    self.hash = hash
  }

  @_lifetime(copy bytes)
  init(_ bytes: Bytes) { self.init(bytes, hash: bytes.keyHash) }
}
