public import Synchronization

// All mutable state of a ring lies in one block of raw memory:
//
//     offset 0                claimed     the next sequence to claim, written by every producer
//     offset 1 * lineStride   gate        a value that `consumed` had, written by producers that look it up
//     offset 2 * lineStride   consumed    the next sequence to consume, written by the consumer
//                             isDraining  touched by the consumer alone
//     slotsOffset             slots       for each the mark of its publication, then its element
//
// Every element makes a producer read `gate`, but `consumed` only when the gate says that the ring is full,
// about once a lap when the consumer keeps up. So the consumer's line stays in the consumer's cache.
//
// A slot keeps mark and element together: handing an element over moves one line between caches, not two.

extension Disruptor where Element: ~Copyable {
  @inlinable
  static var slotAlignment: Int {
    max(MemoryLayout<Atomic<Int>>.alignment, MemoryLayout<Element>.alignment)
  }

  @inlinable
  static var blockAlignment: Int { max(BlockLayout.lineStride, slotAlignment) }

  @inlinable
  static var elementOffset: Int {
    BlockLayout.roundUp(MemoryLayout<Atomic<Int>>.size, to: MemoryLayout<Element>.alignment)
  }

  @inlinable
  static var slotStride: Int { BlockLayout.roundUp(elementOffset &+ MemoryLayout<Element>.size, to: slotAlignment) }

  @inlinable
  static var slotsOffset: Int { BlockLayout.roundUp(3 &* BlockLayout.lineStride, to: blockAlignment) }

  @inlinable
  var claimed: UnsafeMutablePointer<Atomic<Int>> {
    unsafe block.assumingMemoryBound(to: Atomic<Int>.self)
  }

  @inlinable
  var gate: UnsafeMutablePointer<Atomic<Int>> {
    unsafe (block + BlockLayout.lineStride).assumingMemoryBound(to: Atomic<Int>.self)
  }

  @inlinable
  var consumed: UnsafeMutablePointer<Atomic<Int>> {
    unsafe (block + 2 &* BlockLayout.lineStride).assumingMemoryBound(to: Atomic<Int>.self)
  }

  @inlinable
  var isDraining: UnsafeMutablePointer<Bool> {
    let offset = 2 &* BlockLayout.lineStride &+ MemoryLayout<Atomic<Int>>.stride
    return unsafe (block + offset).assumingMemoryBound(to: Bool.self)
  }

  /// The mark of a sequence's slot: the sequence behind the one that was last published in it.
  @inlinable
  func mark(of sequence: Int) -> UnsafeMutablePointer<Atomic<Int>> {
    unsafe slot(of: sequence).assumingMemoryBound(to: Atomic<Int>.self)
  }

  /// The place of a sequence's element: initialised while the sequence is published and not consumed.
  @inlinable
  func element(of sequence: Int) -> UnsafeMutablePointer<Element> {
    unsafe (slot(of: sequence) + Self.elementOffset).assumingMemoryBound(to: Element.self)
  }

  @inlinable
  func slot(of sequence: Int) -> UnsafeMutableRawPointer {
    unsafe block + (Self.slotsOffset &+ (sequence & mask) &* Self.slotStride)
  }
}
