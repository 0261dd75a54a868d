public import RingBuffer

// Writing never blocks and never fails: bytes are kept until the kernel takes them. Everything written in one
// callback leaves in one system call, in the order of the calls. Bytes written after `close()` are dropped.
// On a datagram each call sends one datagram back to the peer.
extension Connection {
  /// Writes bytes to the peer.
  public func write(_ bytes: RawSpan) {
    write(bytes, RawSpan())
  }

  /// Writes bytes to the peer.
  public func write(_ bytes: Span<UInt8>) {
    unsafe write(bytes.bytes, RawSpan())
  }

  /// Writes bytes to the peer.
  public func write(_ bytes: [UInt8]) {
    write(bytes.span)
  }

  /// Writes bytes to the peer.
  public func write(_ bytes: some Collection<UInt8>) {
    if let _ = bytes.withContiguousStorageIfAvailable({ unsafe write($0.span) }) { return }
    write(Array(bytes))
  }

  /// Writes the text's UTF-8 to the peer.
  public func write(_ text: String) {
    var text = text
    text.withUTF8 { unsafe write($0.span) }
  }

  /// Writes all bytes of `ring` to the peer and leaves it empty; large contents are moved, not copied.
  public func write(moving ring: inout RingBuffer) {
    let capacity = state.pointee.lentOutput.pointee.capacity
    if state.pointee.life.takesOutput, !state.pointee.hasOutbound, ring.isWorthExchanging(forCapacity: capacity) {
      state.pointee.lentOutput.pointee.append(moving: &ring)
    } else {
      copyAndEmpty(&ring)
    }
    assert(ring.isEmpty)
  }

  /// The slow path of `write(moving:)`.
  @inline(never)
  private func copyAndEmpty(_ ring: inout RingBuffer) {
    if state.pointee.life.takesFilteredOutput {
      state.pointee.filters?.pointee.write(moving: &ring)
    } else {
      writeCopy(of: ring)
    }
    ring.removeAll()
  }

  @inline(__always)
  private func writeCopy(of ring: borrowing RingBuffer) {
    let segments = ring.readable
    write(segments.first, segments.second)
  }

  /// Writes bytes through the connection's filters, if there are any; otherwise drops them.
  @inline(never)
  private func writeFiltered(_ first: RawSpan, _ second: RawSpan) {
    if state.pointee.life.takesFilteredOutput { state.pointee.filters?.pointee.write(first, second) }
  }

  /// Writes bytes that lie in two places: on a datagram they are one.
  @inline(__always)
  private func write(_ first: RawSpan, _ second: RawSpan) {
    assert(state.pointee.gathersInOnePlace, "output would overtake output")
    if state.pointee.life.takesOutput {
      if state.pointee.hasOutbound {
        state.pointee.outbound.write(first)
        if !second.isEmpty { state.pointee.outbound.write(second) }
      } else {
        state.pointee.lentOutput.pointee.write(first)
        if !second.isEmpty { state.pointee.lentOutput.pointee.write(second) }
      }
    } else if let outbox = state.pointee.outbox {
      outbox.pointee.append(first, second, to: state.pointee.remote, from: outbox.pointee.local)
    } else {
      writeFiltered(first, second)
    }
  }
}
