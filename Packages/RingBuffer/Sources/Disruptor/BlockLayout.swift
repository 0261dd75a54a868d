/// Sizes and distances in the raw memory that threads share.
@usableFromInline
enum BlockLayout {
  /// The distance in bytes at which two variables never disturb each other.
  ///
  /// A line is 64 bytes on x86-64, which fetches them in pairs, and 128 on Apple's processors.
  @inlinable
  static var lineStride: Int { 128 }

  /// The smallest multiple of `alignment`, a power of two, that is not less than `size`.
  @inlinable
  static func roundUp(_ size: Int, to alignment: Int) -> Int { (size &+ alignment &- 1) & ~(alignment &- 1) }
}
