internal import RingBuffer

/// The place of a connection in its loop's table.
typealias Slot = Reference<ConnectionState>

/// A loop's connections, in slots that are reused and never move.
///
/// A token names a slot and the generation of its connection, so that what is late for a connection that has
/// gone finds no one, also when the slot or the descriptor's number is in use again.
@safe
struct ConnectionTable: ~Copyable {
  private static let chunkSize = 64

  private var chunks: [UnsafeMutablePointer<ConnectionState>] = unsafe []
  private var free: [UInt32] = []
  /// The slots in use.
  private(set) var count = 0
  private let loop: EventLoop
  private let lentOutput: Reference<RingBuffer>

  init(loop: EventLoop, lentOutput: Reference<RingBuffer>) {
    self.loop = loop
    self.lentOutput = lentOutput
  }

  deinit {
    for index in unsafe chunks.indices {
      unsafe chunks[index].deinitialize(count: Self.chunkSize)
      unsafe chunks[index].deallocate()
    }
  }

  /// The number of slots, in use or free: one more than the greatest index.
  var capacity: Int { unsafe chunks.count * Self.chunkSize }

  /// Takes a free slot, in phase `free`; the caller changes that.
  mutating func allocate() -> Slot {
    if free.isEmpty { addChunk() }
    count += 1
    return self[free.removeLast()]
  }

  /// Gives a slot back. What it owned is released, and its generation passes.
  mutating func release(_ slot: Slot) {
    let index = slot.pointee.index
    var generation = slot.pointee.generation &+ 1
    // 0 stands for sockets that are not connections, and all ones are in the poller's own token.
    if generation == 0 || generation == .max { generation = 1 }
    slot.pointee = ConnectionState(index: index, loop: loop, lentOutput: lentOutput)
    slot.pointee.generation = generation
    free.append(index)
    count -= 1
  }

  /// The slot of a connection that is there still.
  @inline(__always)
  func find(token: UInt64) -> Slot? {
    let index = UInt32(truncatingIfNeeded: token)
    let generation = UInt32(truncatingIfNeeded: token >> 32)
    guard index < capacity else { return nil }
    let slot = self[index]
    return slot.pointee.generation == generation && slot.pointee.phase != .free ? slot : nil
  }

  /// The slot with this number, in use or not.
  subscript(index: UInt32) -> Slot {
    unsafe Slot(chunks[Int(index) / Self.chunkSize] + Int(index) % Self.chunkSize)
  }

  private mutating func addChunk() {
    let first = UInt32(capacity)
    let chunk = UnsafeMutablePointer<ConnectionState>.allocate(capacity: Self.chunkSize)
    for offset in 0..<Self.chunkSize {
      unsafe (chunk + offset).initialize(
        to: ConnectionState(index: first + UInt32(offset), loop: loop, lentOutput: lentOutput))
    }
    unsafe chunks.append(chunk)
    free.append(contentsOf: (first..<first + UInt32(Self.chunkSize)).reversed())
  }
}
