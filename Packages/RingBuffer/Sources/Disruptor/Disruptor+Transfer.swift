public import Synchronization

// The memory ordering, in one place. An element's memory changes hands twice per lap, each time along a chain of
// a releasing store and an acquiring load of the value it stored:
//
//   producer to consumer, by the mark:     element stored  ->  mark released  =>  mark acquired  ->  element moved out
//   consumer to producer, by `consumed`:   element moved out  ->  consumed released  =>  consumed acquired
//                                          ->  [gate released  =>  gate acquired]  ->  element stored a lap later
//
// The part in brackets is taken when one producer looks `consumed` up and another goes by its note of it.
// The claim itself is relaxed: it carries no data. It only hands each sequence to a single producer, which the
// total order of the changes of one atomic variable does under any ordering.
// Nothing here needs the single total order of sequentially consistent operations: no decision rests on two
// variables that different threads write.
//
// Sequences are compared by the sign of their wrapping difference. It is right as long as no thread sleeps
// between two loads while 2^63 elements pass.

extension Disruptor where Element: ~Copyable {
  /// Publishes an element, unless the ring is full.
  ///
  /// Any thread may publish, also from the body of a drain.
  ///
  /// - Returns: nil when the element is published; the element itself when the ring is full.
  /// - Complexity: O(1) when no other producer interferes; among several, one of them always succeeds.
  @inlinable
  public func tryPublish(_ element: consuming Element) -> Element? {
    var sequence = unsafe claimed.pointee.load(ordering: .relaxed)
    while true {
      // Any value that `consumed` ever had is safe to go by, since it only grows: an old one makes the ring look
      // fuller than it is. So a gate set back by a producer that was slow to store its note does no harm.
      if unsafe sequence &- gate.pointee.load(ordering: .acquiring) >= capacity {
        let current = unsafe consumed.pointee.load(ordering: .acquiring)
        // A `sequence` that is out of date makes the ring look emptier, which is never the reason to refuse.
        if sequence &- current >= capacity { return element }
        unsafe gate.pointee.store(current, ordering: .releasing)
      }
      let (isClaimed, latest) = unsafe claimed.pointee.weakCompareExchange(
        expected: sequence, desired: sequence &+ 1, ordering: .relaxed)
      if isClaimed { break }
      sequence = latest
    }
    unsafe self.element(of: sequence).initialize(to: element)
    unsafe mark(of: sequence).pointee.store(sequence &+ 1, ordering: .releasing)
    return nil
  }

  /// Takes published elements out in the order of their publication, until none is left or the limit is reached.
  ///
  /// The slot of an element is free as soon as the body is called with it. The body may publish into the same
  /// ring, and its elements may be part of the same drain: give a limit if that has no end, or if producers might
  /// keep up with the consumer for ever.
  ///
  /// Only one thread at a time may drain. The role may be handed over to another thread by any means that orders the two.
  ///
  /// - Parameters:
  ///   - limit: The largest number of elements to take.
  ///   - body: Called once with each element, which is its own from then on.
  /// - Returns: The number of elements taken.
  /// - Precondition: `limit` is not negative, and the call does not come from the body of a drain of this ring.
  /// - Complexity: O(*n*) in the number of elements taken.
  @inlinable
  @discardableResult
  public func drain(limit: Int = .max, _ body: (consuming Element) -> Void) -> Int {
    precondition(limit >= 0, "Disruptor: a limit cannot be negative")
    precondition(unsafe !isDraining.pointee, "Disruptor: drained from the body of a drain")
    unsafe isDraining.pointee = true
    defer { unsafe isDraining.pointee = false }

    // Relaxed: only the consumer writes it.
    var sequence = unsafe consumed.pointee.load(ordering: .relaxed)
    var count = 0
    while count < limit, unsafe mark(of: sequence).pointee.load(ordering: .acquiring) == sequence &+ 1 {
      let element = unsafe element(of: sequence).move()
      sequence &+= 1
      // Before the body, so that the body finds this slot free. An ordinary store to a line that producers
      // seldom read costs less than a batch would save.
      unsafe consumed.pointee.store(sequence, ordering: .releasing)
      count &+= 1
      body(element)
    }
    return count
  }
}
