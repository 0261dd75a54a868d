internal import RingBuffer

// The way of output down through the filters.
extension FilterChain {
  /// Adds output of the handler. Drops it after a failure.
  mutating func write(_ first: RawSpan, _ second: RawSpan) {
    assert(isActive, "output for filters where there are none")
    guard failure == nil, let last = stages.last else { return }
    buffers.pointee.lendOutput(to: &last.pointee.unsent)
    last.pointee.unsent.write(first)
    if !second.isEmpty { last.pointee.unsent.write(second) }
  }

  /// Adds output of the handler, by an exchange of storage where that is worth it.
  mutating func write(moving ring: inout RingBuffer) {
    assert(isActive, "output for filters where there are none")
    guard failure == nil, let last = stages.last else { return ring.removeAll() }
    buffers.pointee.lendOutput(to: &last.pointee.unsent)
    last.pointee.unsent.take(&ring, capacity: buffers.pointee.capacity)
    assert(ring.isEmpty)
  }

  /// Adds the first bytes of a ring, which loses them.
  mutating func write(moving count: Int, of ring: inout RingBuffer) {
    assert(isActive && count >= 0)
    if count == ring.count { return write(moving: &ring) }
    guard failure == nil, let last = stages.last else {
      ring.discard(count)
      return
    }
    buffers.pointee.lendOutput(to: &last.pointee.unsent)
    last.pointee.unsent.append(moving: count, of: &ring)
  }

  /// Passes output down through all filters; nothing after a failure. An error of a filter becomes ``failure``.
  ///
  /// - Parameters:
  ///   - isLast: whether the handler writes nothing more.
  ///   - network: the bytes for the socket.
  mutating func send(isLast: Bool, into network: inout RingBuffer) {
    if failure != nil { return }
    do {
      try passDown(isLast: isLast, into: &network)
    } catch {
      fail(error)
    }
  }

  private mutating func passDown(isLast: Bool, into network: inout RingBuffer) throws {
    assert(isInOrder)
    var isLast = isLast
    for index in stages.indices.reversed() {
      let stage = stages[index]
      if index == 0 {
        isLast = try stage.pointee.send(isLast: isLast, into: &network)
      } else {
        isLast = try stage.pointee.send(isLast: isLast, into: &stages[index - 1].pointee.unsent)
      }
      buffers.pointee.takeBackOutput(from: &stage.pointee.unsent)
    }
  }

  /// Drops all output before the filters.
  mutating func dropOutput() { for stage in stages { stage.pointee.unsent = RingBuffer() } }
}
