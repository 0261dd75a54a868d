public import Synchronization

/// A bounded queue between threads: many producers, one consumer, no locks.
///
/// The design is that of the LMAX disruptor (Thompson, Farley, Barker, Gee and Stewart: Disruptor, High
/// performance alternative to bounded queues for exchanging data between concurrent threads, 2011). Every
/// element has a sequence number. Producers claim sequences by compare-and-swap, store their elements side by
/// side, and mark each slot as published when it is complete. The consumer takes the slots in sequence, as far
/// as they are published.
///
/// Elements of one producer arrive in the order in which it published them. Publishing never waits: a full ring
/// hands the element back. A producer that is suspended between its claim and its mark holds back what others
/// claim after it, until it goes on; no thread ever waits for a lock.
///
/// Elements may be noncopyable. Elements that are never drained are destroyed with the ring.
///
/// ```swift
/// let mailbox = Disruptor<Message>(capacity: 1024)
/// // On any thread:
/// if let refused = mailbox.tryPublish(message) { /* full: try again later */ }
/// // On one thread:
/// mailbox.drain { message in handle(message) }
/// ```
@safe
public final class Disruptor<Element: ~Copyable & Sendable>: Sendable {
  // The address never changes, and the memory behind it is used by the protocol of this type only.
  /// All mutable state, in the layout of `Disruptor+Layout.swift`.
  @usableFromInline nonisolated(unsafe) let block: UnsafeMutableRawPointer

  /// The number of slots minus one, by which a sequence, negative or not, becomes the index of its slot.
  @usableFromInline let mask: Int

  /// Creates an empty ring.
  ///
  /// - Parameter capacity: The number of elements to hold, rounded up to a power of two.
  /// - Precondition: `capacity` is positive, and the elements fit into the address space.
  /// - Complexity: O(`capacity`).
  public convenience init(capacity: Int) {
    self.init(capacity: capacity, firstSequence: 0)
  }

  /// Creates an empty ring that numbers its elements from `firstSequence` on.
  ///
  /// Sequences wrap around after 2^64 elements; tests begin just before that.
  package init(capacity: Int, firstSequence: Int) {
    precondition(capacity > 0, "Disruptor: the capacity must be positive")
    precondition(capacity <= 1 << (Int.bitWidth - 2), "Disruptor: the capacity asked for is too large")
    let slotCount = 1 << (Int.bitWidth - (capacity - 1).leadingZeroBitCount)
    let (slotBytes, isOverflowing) = slotCount.multipliedReportingOverflow(by: Self.slotStride)
    let (byteCount, isTooLarge) = slotBytes.addingReportingOverflow(Self.slotsOffset)
    precondition(!isOverflowing && !isTooLarge, "Disruptor: the capacity asked for is too large")

    mask = slotCount - 1
    unsafe block = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: Self.blockAlignment)
    unsafe claimed.initialize(to: Atomic(firstSequence))
    unsafe gate.initialize(to: Atomic(firstSequence))
    unsafe consumed.initialize(to: Atomic(firstSequence))
    unsafe isDraining.initialize(to: false)
    for index in 0..<slotCount {
      // A mark of the lap before, as if published and consumed: no reader of this lap takes it for its own.
      let sequence = firstSequence &+ index
      unsafe mark(of: sequence).initialize(to: Atomic(sequence &+ 1 &- slotCount))
    }
  }

  deinit {
    // Publishing and draining keep the ring alive, so nobody does either any more, and no claim is left
    // unpublished. The acquiring loads make the last elements of every producer visible here.
    var sequence = unsafe consumed.pointee.load(ordering: .acquiring)
    while unsafe mark(of: sequence).pointee.load(ordering: .acquiring) == sequence &+ 1 {
      unsafe element(of: sequence).deinitialize(count: 1)
      sequence &+= 1
    }
    assert(unsafe sequence == claimed.pointee.load(ordering: .relaxed))
    unsafe block.deallocate()
  }
}

// MARK: - Counts

extension Disruptor where Element: ~Copyable {
  /// The number of elements that the ring holds when it is full: a power of two.
  @inlinable
  public var capacity: Int { mask &+ 1 }

  /// Whether no element is waiting, as seen in passing.
  ///
  /// Any thread may ask. By the time it acts on the answer, others may have published or drained. One thing is
  /// certain: the answer is false if an element was published before the call and stays undrained throughout it. An
  /// element that is being published right now may count already, although the consumer cannot take it yet.
  ///
  /// The check is an ordinary load: a consumer that announces its sleep by a plain store and then asks may miss
  /// an element whose producer did not see the announcement either. Announce it by an atomic read-modify-write,
  /// and have producers look by one, too.
  @inlinable
  public var isEmpty: Bool {
    // Acquiring `consumed` first: the consumer moved it to this value after it had seen the claims up to there,
    // so `claimed` reads as at least the same, and the two differ by what is waiting. A publication that
    // happened before this call includes its claim, so coherence forbids an older value of `claimed`.
    let next = unsafe consumed.pointee.load(ordering: .acquiring)
    return unsafe claimed.pointee.load(ordering: .relaxed) == next
  }
}
