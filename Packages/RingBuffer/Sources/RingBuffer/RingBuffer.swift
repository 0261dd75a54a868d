/// A byte queue that grows on demand and gives memory back when a burst has passed.
///
/// Bytes are read in the order they were written. Unread bytes may wrap around the end of the storage, so they
/// are seen as two spans:
///
/// ```
///            head                                    count = 9, capacity = 16
///             v
/// +---+---+---+---+---+---+---+---+---+---+---+---+---+---+---+---+
/// |   |   | a | b | c | d | e | f | g | h | i |   |   |   |   |   |     one span
/// +---+---+---+---+---+---+---+---+---+---+---+---+---+---+---+---+
///
///                                             head
///                                              v
/// +---+---+---+---+---+---+---+---+---+---+---+---+---+---+---+---+
/// | f | g | h | i |   |   |   |   |   |   |   | a | b | c | d | e |     two spans
/// +---+---+---+---+---+---+---+---+---+---+---+---+---+---+---+---+
/// ```
///
/// A ring owns its storage alone: it is moved, not copied, and no operation retains or releases anything. It
/// has no storage until the first write.
///
/// The storage doubles when it is full. When 32 turns from writing to reading in a row have found at most a quarter
/// of it in use, it shrinks to twice the highest of these counts, whether the ring runs empty or not. A load whose
/// peak comes back more often than that does not reallocate. A burst that has been read but for a few bytes gives its
/// storage back at once.
///
/// - Complexity: writing and reading are amortised O(1) per byte. Operations that say nothing else are O(1).
@safe
public struct RingBuffer: ~Copyable {
  /// The number of unread bytes.
  ///
  /// Being stored, it tells full from empty without a slot left free.
  @usableFromInline var filled: Int

  /// The storage, `allocated` bytes long; nil as long as `allocated` is 0.
  @usableFromInline var storage: UnsafeMutableRawPointer?

  /// The length of the storage in bytes: a power of two, or 0.
  @usableFromInline var allocated: Int

  /// The index of the first unread byte in the storage; 0 whenever the ring is empty.
  @usableFromInline var head: Int

  /// The rules by which the capacity changes.
  @usableFromInline var policy: CapacityPolicy

  /// The bytes that reallocations have moved so far, modulo 2^32.
  ///
  /// Tests measure the cost of scaling by it.
  @usableFromInline package internal(set) var relocatedByteCount: UInt32

  /// Creates an empty ring.
  ///
  /// - Parameter minimumCapacity: The number of bytes to hold without growing. The ring never shrinks below it
  ///   by itself. With 0, the default, there is no storage until the first write.
  /// - Precondition: `minimumCapacity` is not negative.
  /// - Complexity: O(`minimumCapacity`) at most: one allocation.
  @inlinable
  public init(minimumCapacity: Int = 0) {
    unsafe storage = nil
    allocated = 0
    head = 0
    filled = 0
    policy = CapacityPolicy()
    relocatedByteCount = 0
    if minimumCapacity != 0 { reserveCapacity(minimumCapacity) }
  }

  @inlinable
  deinit {
    if unsafe storage != nil { unsafe freeMemory(storage) }
  }
}

// The pointer is the only part that is not Sendable by itself, and nothing else refers to the memory behind it.
extension RingBuffer: @unchecked Sendable {}

// MARK: - Counts

extension RingBuffer {
  /// The number of unread bytes.
  @inlinable
  public var count: Int { filled }

  /// The number of bytes that the storage holds: a power of two of at least 64, or 0 when there is no storage.
  @inlinable
  public var capacity: Int { allocated }

  /// The number of bytes that can be written before the storage grows.
  @inlinable
  public var freeCapacity: Int { allocated &- filled }

  /// Whether there is nothing to read.
  @inlinable
  public var isEmpty: Bool { filled == 0 }

  /// Whether the next byte written makes the storage grow.
  ///
  /// A ring without storage is both empty and full.
  @inlinable
  public var isFull: Bool { filled == allocated }
}
