internal import CMetricsSchema
internal import CProtobufC

/// The memory that may be allocated while a message is decoded.
///
/// An empty message within a message is two bytes, and takes the memory of a whole one when decoded.
struct MessageBudget {
  /// The bytes that may still be allocated.
  private var rest: Int
  /// Whether an allocation was refused.
  private(set) var isExceeded = false

  init(byteCount: Int) { rest = byteCount }

  /// Lends an allocator of the budget. The same allocator must free its memory.
  mutating func withAllocator<Result, Failure: Error>(
    _ body: (UnsafeMutablePointer<ProtobufCAllocator>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try unsafe withUnsafeMutablePointer(to: &self) { (budget) throws(Failure) -> Result in
      var allocator = unsafe ProtobufCAllocator(
        alloc: { budget, size in
          unsafe budget.flatMap { unsafe $0.assumingMemoryBound(to: MessageBudget.self).pointee.allocate(size) }
        },
        free: { _, block in unsafe block?.deallocate() },
        allocator_data: budget
      )
      return try unsafe body(&allocator)
    }
  }

  private mutating func allocate(_ size: Int) -> UnsafeMutableRawPointer? {
    // With the allocator's own bytes, which are more than those of a short text.
    let cost = size + 16
    guard cost <= rest else {
      isExceeded = true
      return nil
    }
    rest -= cost
    return UnsafeMutableRawPointer.allocate(byteCount: size, alignment: MemoryLayout<UInt64>.alignment)
  }
}
