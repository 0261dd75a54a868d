internal import RingBuffer

/// The storage that a loop lends to its connections with filters, so that they keep none while nothing waits.
///
/// A connection's ring borrows the storage when bytes are written, and gives it back when the bytes have gone, or takes
/// storage of the bytes' size for those that wait.
struct FilterBuffers: ~Copyable {
  /// The bytes received from a socket, lent for the length of a pass. Empty otherwise.
  var network: RingBuffer
  private var output: RingBuffer
  private var sealed: RingBuffer
  /// The capacity of each ring.
  let capacity: Int

  init(capacity: Int) {
    network = RingBuffer(minimumCapacity: capacity)
    output = RingBuffer(minimumCapacity: capacity)
    sealed = RingBuffer(minimumCapacity: capacity)
    self.capacity = network.capacity
  }

  /// Lends storage for the bytes that a handler writes.
  mutating func lendOutput(to ring: inout RingBuffer) { Self.lend(&output, to: &ring, capacity) }

  /// Lends storage for the bytes that are to be sent.
  mutating func lendSealed(to ring: inout RingBuffer) { Self.lend(&sealed, to: &ring, capacity) }

  private static func lend(_ storage: inout RingBuffer, to ring: inout RingBuffer, _ capacity: Int) {
    if ring.capacity > 0 { return }
    // A connection has kept what it was lent, full of bytes that wait.
    if storage.capacity < capacity { storage = RingBuffer(minimumCapacity: capacity) }
    swap(&ring, &storage)
  }

  /// Takes storage back; bytes that wait get storage of their size.
  mutating func takeBackOutput(from ring: inout RingBuffer) { Self.takeBack(&output, from: &ring, capacity) }

  /// Takes storage back; bytes that wait get storage of their size.
  mutating func takeBackSealed(from ring: inout RingBuffer) { Self.takeBack(&sealed, from: &ring, capacity) }

  private static func takeBack(_ lent: inout RingBuffer, from ring: inout RingBuffer, _ capacity: Int) {
    if ring.capacity == 0 { return }
    guard lent.capacity == 0, ring.capacity >= capacity, ring.count < capacity / 2 else {
      return ring.giveBackSlack()
    }
    swap(&lent, &ring)
    if lent.isEmpty { return }
    ring.write(prefix: lent.count, of: lent)
    lent.removeAll()
  }
}
