extension RingBuffer {
  /// Drops the first `n` unread bytes.
  ///
  /// - Returns: The number of bytes dropped: `n`, or all there were.
  /// - Precondition: `n` is not negative.
  /// - Complexity: amortised O(1) per byte, for the memory that is given back at times.
  @inlinable
  @discardableResult
  public mutating func discard(_ n: Int) -> Int {
    precondition(n >= 0, "RingBuffer: a count cannot be negative")
    let taken = min(n, filled)
    let rest = filled &- taken
    let isTimeToShrink = policy.noteRead(of: filled, leaving: rest, capacity: allocated)
    filled = rest
    // An empty ring starts over, so that its free space is one segment.
    head = rest == 0 ? 0 : (head &+ taken) & (allocated &- 1)
    if isTimeToShrink { settle() }
    return taken
  }

  /// Takes the first unread byte, or returns nil when there is none.
  ///
  /// - Complexity: amortised O(1).
  @inlinable
  public mutating func readByte() -> UInt8? {
    guard filled > 0 else { return nil }
    let byte = unsafe storage.unsafelyUnwrapped.load(fromByteOffset: head, as: UInt8.self)
    discard(1)
    return byte
  }

  /// Takes the first `n` unread bytes, or all there are.
  ///
  /// - Precondition: `n` is not negative.
  /// - Complexity: O(*n*) in the number of bytes taken.
  public mutating func read(_ n: Int) -> [UInt8] {
    precondition(n >= 0, "RingBuffer: a count cannot be negative")
    let taken = min(n, filled)
    // Not only for speed: the initializer below writes to the empty array that all threads share.
    guard taken > 0 else { return [] }
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: taken) { buffer, initializedCount in
      unsafe copyPrefix(taken, to: UnsafeMutableRawPointer(buffer.baseAddress.unsafelyUnwrapped))
      initializedCount = taken
    }
    discard(taken)
    return bytes
  }

  /// Takes all unread bytes.
  ///
  /// - Complexity: O(`count`).
  public mutating func readAll() -> [UInt8] {
    read(filled)
  }

  /// Takes unread bytes into memory: as many as it holds, or all there are.
  ///
  /// - Parameter destination: Memory that is no part of this ring's free segments. It may be uninitialised.
  /// - Returns: The number of bytes taken. Memory behind them is left as it was.
  /// - Complexity: O(*n*) in the number of bytes taken.
  @unsafe
  public mutating func read(into destination: UnsafeMutableRawBufferPointer) -> Int {
    let taken = min(destination.count, filled)
    guard taken > 0, let start = destination.baseAddress else { return 0 }
    unsafe copyPrefix(taken, to: start)
    return discard(taken)
  }

  /// Takes unread bytes into a span: as many as it holds, or all there are.
  ///
  /// - Returns: The number of bytes taken. Elements behind them are left as they were.
  /// - Complexity: O(*n*) in the number of bytes taken.
  public mutating func read(into destination: inout MutableSpan<UInt8>) -> Int {
    unsafe destination.withUnsafeMutableBufferPointer { buffer in
      unsafe read(into: UnsafeMutableRawBufferPointer(buffer))
    }
  }

  /// Hands over all unread bytes in order, as one or two spans, then empties the ring.
  ///
  /// The body is not called when there is nothing to read.
  ///
  /// - Complexity: O(1) besides the body.
  public mutating func drain(_ body: (RawSpan) -> Void) {
    guard filled > 0 else { return }
    do {
      let segments = readable
      body(segments.first)
      if segments.second.byteCount > 0 { body(segments.second) }
    }
    discard(filled)
  }
}
