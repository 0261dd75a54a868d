public import Synchronization

/// A value that one thread writes and any thread reads, each time as one consistent copy.
///
/// The writer never waits, whatever the readers do. A typical value is a thread's counters, at which others look now and
/// then:
///
/// ```swift
/// let bytesDone = Published(0)
/// // On one thread:
/// bytesDone.publish(4096)
/// // On any thread:
/// print(bytesDone.current)
/// ```
///
/// The value lies on cache lines of its own, so that readers slow down nothing but the publication itself.
///
/// The algorithm is a sequence lock: a version is odd while the value is being written, and a reader tries again if the
/// version was odd or has changed. The value is stored in atomic words, so a torn copy is no data race, and can be
/// discarded (H. Boehm, Can seqlocks get along with programming language memory models?, MSPC 2012).
@safe
public final class Published<Value: BitwiseCopyable & Sendable>: Sendable {
  // The address never changes, and the memory behind it consists of atomics.
  /// The version, then the words of the value.
  @usableFromInline nonisolated(unsafe) let block: UnsafeMutablePointer<Atomic<UInt>>

  /// Publishes a first value.
  ///
  /// - Complexity: O(*n*) in the size of the value, and one allocation.
  public init(_ initial: Value) {
    let lineWords = BlockLayout.lineStride / Self.wordSize
    let count = BlockLayout.roundUp(1 + Self.wordCount, to: lineWords)
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: count * Self.wordSize, alignment: BlockLayout.lineStride)
    unsafe block = memory.bindMemory(to: Atomic<UInt>.self, capacity: count)
    for index in 0..<count { unsafe (block + index).initialize(to: Atomic(0)) }
    publish(initial)
  }

  deinit {
    // Atomics of integers own nothing that would have to be destroyed.
    unsafe block.deallocate()
  }

  @inlinable
  static var wordSize: Int { MemoryLayout<UInt>.size }

  /// The number of words that hold a value; the last one may be used in part.
  @inlinable
  static var wordCount: Int { (MemoryLayout<Value>.size &+ wordSize &- 1) / wordSize }
}

// MARK: - Transfer

extension Published {
  /// Publishes a value: readers see it from now on.
  ///
  /// Only one thread at a time may publish. The role may be handed over to another thread by any means that orders the
  /// two. Publishing is wait-free. A thread that reads the value also sees all that the writer did before it published.
  ///
  /// - Complexity: O(*n*) in the size of the value: a load and a plain store a word, and no read-modify-write.
  @inlinable
  @inline(__always)
  public func publish(_ value: borrowing Value) {
    var copy = copy value
    publish(&copy, prefix: MemoryLayout<Value>.size / Self.wordSize)
  }

  /// Makes the first words of a value the ones that readers see from now on; the others stay as they were published.
  ///
  /// Otherwise this is `publish(_:)`.
  ///
  /// - Parameters:
  ///   - value: the value; it stays as it is, and is lent from where it lies, since a borrowed one would be copied first.
  ///   - wholeWords: the number of its words to publish, of the size of `UInt`; with all whole words, the rest too.
  @inlinable
  @inline(__always)
  public func publish(_ value: inout Value, prefix wholeWords: Int) {
    // Loaded once: the compiler must assume that a store to an atomic changes it.
    let block = unsafe self.block
    let start = unsafe block.pointee.load(ordering: .relaxed)
    assert(start & 1 == 0, "Published: two threads publish at once")
    unsafe block.pointee.store(start &+ 1, ordering: .relaxed)
    // Pairs with the fence in `current`: a reader of one of the words below sees the odd version as well.
    atomicMemoryFence(ordering: .releasing)
    unsafe withUnsafeBytes(of: &value) { bytes in
      for index in 0..<wholeWords {
        let word = unsafe bytes.loadUnaligned(fromByteOffset: index &* Self.wordSize, as: UInt.self)
        unsafe block[1 &+ index].store(word, ordering: .relaxed)
      }
      guard wholeWords == bytes.count / Self.wordSize, wholeWords < Self.wordCount else { return }
      var last: UInt = 0
      unsafe withUnsafeMutableBytes(of: &last) { last in
        unsafe last.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[(wholeWords &* Self.wordSize)...]))
      }
      unsafe block[1 &+ wholeWords].store(last, ordering: .relaxed)
    }
    unsafe block.pointee.store(start &+ 2, ordering: .releasing)
  }

  /// The value as it was last published, all of one moment.
  ///
  /// Any thread may ask. A copy that a publication has disturbed is made anew, after other threads have had their
  /// turn: the writer may have been suspended halfway.
  ///
  /// - Complexity: O(*n*) in the size of the value for each try.
  @inlinable
  public var current: Value {
    let block = unsafe self.block
    let byteCount = Self.wordCount &* Self.wordSize
    let alignment = max(MemoryLayout<Value>.alignment, MemoryLayout<UInt>.alignment)
    return unsafe withUnsafeTemporaryAllocation(byteCount: byteCount, alignment: alignment) { copy in
      while true {
        let before = unsafe block.pointee.load(ordering: .acquiring)
        for index in 0..<Self.wordCount {
          let word = unsafe block[1 &+ index].load(ordering: .relaxed)
          unsafe copy.storeBytes(of: word, toByteOffset: index &* Self.wordSize, as: UInt.self)
        }
        atomicMemoryFence(ordering: .acquiring)
        let after = unsafe block.pointee.load(ordering: .relaxed)
        if before & 1 == 0, after == before { return unsafe copy.load(as: Value.self) }
        yieldThread()
      }
    }
  }
}
