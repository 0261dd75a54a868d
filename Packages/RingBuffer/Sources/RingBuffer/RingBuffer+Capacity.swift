extension RingBuffer {
  /// Makes the capacity at least `n` bytes, and keeps it: the ring never shrinks below it by itself.
  ///
  /// A smaller request than an earlier one changes nothing. ``shrinkToFit()`` and
  /// ``removeAll(keepingCapacity:)`` without keeping end the promise.
  ///
  /// - Parameter n: The least capacity in bytes, unread bytes included.
  /// - Precondition: `n` is not negative, and not larger than the largest power of two in an `Int`.
  /// - Complexity: O(`count`) when it reallocates.
  public mutating func reserveCapacity(_ n: Int) {
    precondition(n >= 0, "RingBuffer: a capacity cannot be negative")
    policy.raiseFloor(toHold: n)
    if n > allocated { relocate(to: policy.grownCapacity(toHold: n)) }
  }

  /// Gives back all memory that the unread bytes do not need, and forgets all reservations.
  ///
  /// An empty ring is left without storage.
  ///
  /// - Complexity: O(`count`).
  public mutating func shrinkToFit() {
    policy.dropFloor()
    let needed = isEmpty ? 0 : CapacityPolicy.smallestCapacity(toHold: filled)
    if needed < allocated { relocate(to: needed) }
  }

  /// Drops all unread bytes.
  ///
  /// - Parameter keepCapacity: Whether to keep the storage as it is. Otherwise the storage is freed, and all
  ///   reservations are forgotten.
  @inlinable
  public mutating func removeAll(keepingCapacity keepCapacity: Bool = true) {
    // Keeping means keeping: when this is the time to shrink, a later read does it.
    _ = policy.noteRead(of: filled, leaving: 0, capacity: allocated)
    filled = 0
    head = 0
    if !keepCapacity { shrinkToFit() }
  }

  /// Grows the storage so that `n` bytes are free.
  @inline(never)
  @usableFromInline
  mutating func grow(toFit n: Int) {
    let (needed, isOverflowing) = filled.addingReportingOverflow(n)
    precondition(!isOverflowing, "RingBuffer: the capacity asked for is too large")
    relocate(to: policy.grownCapacity(toHold: needed))
  }

  /// Shrinks the storage to what a remnant needs, or else to what the quiet turns have needed.
  @inline(never)
  @usableFromInline
  mutating func settle() {
    if policy.isTimeToSettle {
      let settled = policy.settledCapacity(from: allocated)
      if settled < allocated { relocate(to: settled) } else { policy.beginWatch() }
    } else {
      assert(CapacityPolicy.isRemnant(filled, of: allocated), "shrunk without a reason")
      // The quiet turns so far go on counting.
      var policy = policy
      relocate(to: policy.capacity(forRemnant: filled))
      self.policy = policy
    }
  }
}
