internal import RingBuffer

/// The storage that a loop lends to its connections with filters, so that they keep none while nothing waits.
///
/// A connection's ring borrows the storage when bytes are written, and gives it back when the bytes have gone, or takes
/// storage of the size of the waiting bytes.
struct FilterBuffers: ~Copyable {
  /// The bytes received from a socket, for the length of a pass. Empty otherwise.
  let network: Pinned<RingBuffer>
  /// The bytes that filters have written for a socket, for the length of a pass. Empty otherwise.
  let sealed: Pinned<RingBuffer>
  private var output: RingBuffer
  /// The capacity of each ring.
  let capacity: Int

  init(capacity: Int) {
    network = Pinned(RingBuffer(minimumCapacity: capacity))
    sealed = Pinned(RingBuffer(minimumCapacity: capacity))
    output = RingBuffer(minimumCapacity: capacity)
    self.capacity = output.capacity
  }

  deinit {
    network.destroy()
    sealed.destroy()
  }

  /// Lends storage for the bytes that a handler writes.
  mutating func lendOutput(to ring: inout RingBuffer) {
    if ring.capacity > 0 { return }
    assert(ring.isEmpty && output.isEmpty, "bytes of another connection are lent")
    // A connection has kept what it was lent, full of bytes that wait.
    if output.capacity < capacity { output = RingBuffer(minimumCapacity: capacity) }
    swap(&ring, &output)
    assert(ring.capacity >= capacity && output.capacity == 0)
  }

  /// Takes storage back; bytes that wait get storage of their size.
  mutating func takeBackOutput(from ring: inout RingBuffer) {
    if ring.capacity == 0 { return }
    assert(output.isEmpty)
    guard output.capacity == 0, ring.capacity >= capacity, ring.count < capacity / 2 else {
      return ring.giveBackSlack()
    }
    swap(&output, &ring)
    if output.isEmpty { return }
    ring.write(prefix: output.count, of: output)
    output.removeAll()
    assert(!ring.isEmpty && ring.capacity < capacity)
  }
}
