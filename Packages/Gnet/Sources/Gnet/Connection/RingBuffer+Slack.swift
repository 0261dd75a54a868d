internal import RingBuffer

extension RingBuffer {
  /// Gives storage back that is large for the unread bytes: all storage if there are none, and all but the bytes' own
  /// if they take a 64th or less.
  ///
  /// A ring gives storage back by itself too, but keeps the storage for a peak that has come back before. A connection
  /// has no such claim: its peer may be silent from now on. Called where a handler or the kernel has taken bytes, and
  /// never on the way of a request that leaves none.
  ///
  /// - Complexity: O(`count`), of which 63 times as much was taken since the storage grew.
  @inline(never)
  mutating func giveBackSlack() {
    if isEmpty || capacity > Self.page && count <= capacity >> 6 { shrinkToFit() }
  }

  /// The storage that is not worth a reallocation, in bytes.
  private static var page: Int { 4096 }
}
