extension RingBuffer {
  /// The unread byte that lies `offset` bytes behind the first one.
  ///
  /// - Precondition: `offset` lies in `0..<count`.
  @inlinable
  public subscript(offset: Int) -> UInt8 {
    precondition(offset >= 0 && offset < filled, "RingBuffer: the offset is out of range")
    return unsafe storage.unsafelyUnwrapped.load(
      fromByteOffset: (head &+ offset) & (allocated &- 1), as: UInt8.self)
  }

  /// The offset of the first unread byte that equals `byte`, from `start` on.
  ///
  /// - Parameters:
  ///   - byte: The byte to look for.
  ///   - start: The offset from the first unread byte at which to begin. From `count` on there is nothing to find.
  /// - Returns: An offset from the first unread byte (not from `start`), or nil when there is no such byte.
  /// - Precondition: `start` is not negative.
  /// - Complexity: O(*n*) in the number of bytes looked at. Corresponds to `memchr(3)`.
  public func firstIndex(of byte: UInt8, from start: Int = 0) -> Int? {
    precondition(start >= 0, "RingBuffer: an offset cannot be negative")
    guard start < filled else { return nil }
    let (first, second) = unsafe readableRegions(offset: start, length: filled &- start)
    if let index = unsafe memoryOffset(of: byte, in: UnsafeRawBufferPointer(first)) { return start &+ index }
    if let index = unsafe memoryOffset(of: byte, in: UnsafeRawBufferPointer(second)) {
      return start &+ first.count &+ index
    }
    return nil
  }

  /// The offset of the last unread byte that equals `byte`, or nil when there is none.
  ///
  /// - Returns: An offset from the first unread byte.
  /// - Complexity: O(*n*) in the number of bytes looked at, from the end.
  public func lastIndex(of byte: UInt8) -> Int? {
    let (first, second) = unsafe readableRegions(offset: 0, length: filled)
    if let index = unsafe lastMemoryOffset(of: byte, in: UnsafeRawBufferPointer(second)) { return first.count &+ index }
    return unsafe lastMemoryOffset(of: byte, in: UnsafeRawBufferPointer(first))
  }

  /// The offset of the first unread byte that satisfies a predicate, from `start` on.
  ///
  /// A search for any of several bytes:
  ///
  /// ```swift
  /// let blank = ring.firstIndex { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
  /// ```
  ///
  /// - Parameters:
  ///   - start: The offset from the first unread byte at which to begin. From `count` on there is nothing to find.
  ///   - predicate: Called with each byte, in order, until it returns true.
  /// - Returns: An offset from the first unread byte (not from `start`), or nil when there is no such byte.
  /// - Precondition: `start` is not negative.
  /// - Complexity: O(*n*) in the number of bytes looked at.
  @inlinable
  public func firstIndex<Failure: Error>(
    from start: Int = 0, where predicate: (UInt8) throws(Failure) -> Bool
  ) throws(Failure) -> Int? {
    precondition(start >= 0, "RingBuffer: an offset cannot be negative")
    guard start < filled else { return nil }
    let (first, second) = unsafe readableRegions(offset: start, length: filled &- start)
    for index in 0..<first.count where unsafe try predicate(first[index]) { return start &+ index }
    for index in 0..<second.count where unsafe try predicate(second[index]) { return start &+ first.count &+ index }
    return nil
  }

  /// The offsets of the first sequence of unread bytes that equals `pattern`, from `start` on.
  ///
  /// ```swift
  /// if let delimiter = ring.firstRange(of: "||".utf8) {
  ///   let record = ring.read(delimiter.lowerBound)
  ///   ring.discard(delimiter.count)
  ///   print(record.count)
  /// }
  /// ```
  ///
  /// Prepare a pattern as a ``Pattern`` to search for it more than once.
  ///
  /// - Parameters:
  ///   - pattern: The bytes to search for.
  ///   - start: The offset from the first unread byte at which to begin. From `count` on there is nothing to find.
  /// - Returns: Offsets from the first unread byte (not from `start`), or nil when there is no such sequence.
  /// - Precondition: `pattern` is not empty, and `start` is not negative.
  /// - Complexity: O(*n* + *m*) in the number of bytes looked at and the length of the pattern, and two allocations.
  public func firstRange(of pattern: some Collection<UInt8>, from start: Int = 0) -> Range<Int>? {
    firstRange(of: Pattern(pattern), from: start)
  }

  /// The offsets of the first sequence of unread bytes that equals a prepared pattern, from `start` on.
  ///
  /// After a search without success, the next one may start `pattern.bytes.count - 1` bytes before the end of the bytes
  /// that have been searched: no earlier byte can begin a match.
  ///
  /// - Parameters:
  ///   - pattern: The bytes to search for.
  ///   - start: The offset from the first unread byte at which to begin. From `count` on there is nothing to find.
  /// - Returns: Offsets from the first unread byte (not from `start`), or nil when there is no such sequence.
  /// - Precondition: `start` is not negative.
  /// - Complexity: O(*n*) in the number of bytes looked at.
  public func firstRange(of pattern: Pattern, from start: Int = 0) -> Range<Int>? {
    precondition(start >= 0, "RingBuffer: an offset cannot be negative")
    guard start < filled else { return nil }
    let (first, second) = unsafe readableRegions(offset: start, length: filled &- start)
    var matched = 0
    var end = unsafe pattern.endOfMatch(in: UnsafeRawBufferPointer(first), matched: &matched)
    if end == nil, second.count > 0 {
      end = unsafe pattern.endOfMatch(in: UnsafeRawBufferPointer(second), matched: &matched)
      end = end.map { first.count &+ $0 }
    }
    return end.map { start &+ $0 &- pattern.bytes.count..<start &+ $0 }
  }
}
