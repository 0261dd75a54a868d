internal import RingBuffer

/// The place of a connection in its loop's table.
typealias ConnectionSlot = Pinned<ConnectionState>

/// A loop's connections, in slots that are reused and never move.
@safe
struct ConnectionTable: ~Copyable {
  private static var chunkSize: Int { 64 }
  /// The bytes of a line of the processor's cache.
  private static var cacheLine: Int { 64 }
  /// The bytes from one slot to the next: whole cache lines, so that a slot shares none with its neighbour.
  private static var slotSize: Int { (MemoryLayout<ConnectionState>.size + cacheLine - 1) / cacheLine * cacheLine }

  /// The chunks of slots. Not an array: every event would pay for its checks.
  private var chunks: UnsafeMutableBufferPointer<UnsafeMutableRawPointer> = unsafe .init(start: nil, count: 0)
  /// The number of slots, in use or free: one more than the greatest index.
  private(set) var capacity = 0
  private var free: [UInt32] = []
  /// The connections that are to be served without an event of their descriptors.
  private var queue: [ConnectionToken] = []
  /// The storage of the run queue of the round before, without connections.
  private var spareQueue: [ConnectionToken] = []
  /// The slots in use.
  private(set) var count = 0
  private let loop: EventLoop
  let lentOutput: Pinned<RingBuffer>
  /// The output that the callback of another connection has gathered for ``forwardedTo``.
  let forwarded: Pinned<RingBuffer>
  var forwardedTo: ConnectionToken?

  init(loop: EventLoop, lentOutput: Pinned<RingBuffer>, forwarded: Pinned<RingBuffer>) {
    assert(lentOutput != forwarded && lentOutput.pointee.capacity == forwarded.pointee.capacity)
    self.loop = loop
    self.lentOutput = lentOutput
    self.forwarded = forwarded
  }

  deinit {
    for index in unsafe chunks.indices {
      for offset in 0..<Self.chunkSize { unsafe Self.slot(offset, of: chunks[index]).deinitialize(count: 1) }
      unsafe chunks[index].deallocate()
    }
    unsafe chunks.deallocate()
  }

  /// Takes a free slot for a connection that is being established.
  mutating func allocate() -> ConnectionSlot {
    if free.isEmpty { addChunk() }
    count += 1
    let slot = self[free.removeLast()]
    assert(slot.pointee.isFree, "a slot that is in use was free")
    slot.pointee.life.phase = .establishing
    assert(knowsEverySlot)
    return slot
  }

  /// Gives a slot back. Its objects are released, and its generation passes.
  mutating func release(_ slot: ConnectionSlot) {
    assert(!slot.pointee.isFree, "a slot was released twice")
    assert(slot.pointee.timer == nil, "a slot with a timer was released")
    assert(slot.pointee.handler == nil, "a handler has outlived its connection")
    assert(slot.pointee.accountedOutput == 0, "output of a connection that has gone is counted")
    let token = slot.pointee.token
    slot.pointee = ConnectionState(
      token: ConnectionToken(slot: token.slot, generation: ConnectionToken.generation(after: token.generation)),
      loop: loop, lentOutput: lentOutput)
    free.append(token.slot)
    count -= 1
    assert(slot.pointee.isFree && knowsEverySlot)
  }

  /// Whether each slot is either in use or free.
  private var knowsEverySlot: Bool { count >= 0 && count + free.count == capacity }

  /// The slot of a connection; `nil` where the connection has gone. A slot's next token is known to no one before it is
  /// taken, so the generation alone tells whether the connection is there.
  @inline(__always)
  func find(_ token: ConnectionToken) -> ConnectionSlot? {
    guard token.slot < capacity else { return nil }
    let slot = self[token.slot]
    assert(slot.pointee.token != token || !slot.pointee.isFree, "somebody knows the next token of a free slot")
    return slot.pointee.token == token ? slot : nil
  }

  /// The slot with this number, in use or not.
  subscript(index: UInt32) -> ConnectionSlot {
    assert(index < capacity)
    let (chunk, offset) = (Int(index) / Self.chunkSize, Int(index) % Self.chunkSize)
    return unsafe ConnectionSlot(at: Self.slot(offset, of: chunks.baseAddress.unsafelyUnwrapped[chunk]))
  }

  @inline(__always)
  private static func slot(
    _ offset: Int, of chunk: UnsafeMutableRawPointer
  ) -> UnsafeMutablePointer<ConnectionState> {
    assert(0..<chunkSize ~= offset)
    return unsafe (chunk + offset * slotSize).assumingMemoryBound(to: ConnectionState.self)
  }

  // MARK: The run queue

  /// Whether the run queue has connections.
  var hasQueued: Bool { !queue.isEmpty }

  /// Puts a connection in the run queue, once.
  mutating func enqueue(_ slot: ConnectionSlot) {
    assert(slot.pointee.life.phase != .ended, "a connection that has ended was queued")
    if slot.pointee.isQueued { return }
    slot.pointee.isQueued = true
    queue.append(slot.pointee.token)
  }

  /// Takes the run queue as it is; connections that are enqueued from now on wait for the next round.
  mutating func takeQueue() -> [ConnectionToken] {
    var round: [ConnectionToken] = []
    swap(&round, &spareQueue)
    swap(&round, &queue)
    assert(queue.isEmpty && spareQueue.isEmpty)
    return round
  }

  /// Takes the storage of a run queue that was served back, unless it is that of a rush.
  mutating func recycleQueue(_ round: consuming [ConnectionToken]) {
    guard round.capacity <= Self.spareQueueLimit else { return }
    round.removeAll(keepingCapacity: true)
    assert(spareQueue.isEmpty)
    spareQueue = round
  }

  private static var spareQueueLimit: Int { 1024 }

  private mutating func addChunk() {
    assert(free.isEmpty && knowsEverySlot)
    let first = UInt32(capacity)
    let chunk = UnsafeMutableRawPointer.allocate(
      byteCount: Self.chunkSize * Self.slotSize, alignment: Self.cacheLine)
    for offset in 0..<Self.chunkSize {
      let token = ConnectionToken(slot: first + UInt32(offset), generation: 1)
      unsafe (chunk + offset * Self.slotSize).initializeMemory(
        as: ConnectionState.self, to: ConnectionState(token: token, loop: loop, lentOutput: lentOutput))
    }
    let more = UnsafeMutableBufferPointer<UnsafeMutableRawPointer>.allocate(capacity: unsafe chunks.count + 1)
    _ = unsafe more.update(fromContentsOf: chunks)
    unsafe more[chunks.count] = chunk
    unsafe chunks.deallocate()
    unsafe chunks = more
    capacity += Self.chunkSize
    free.append(contentsOf: (first..<first + UInt32(Self.chunkSize)).reversed())
    assert(unsafe knowsEverySlot && capacity == chunks.count * Self.chunkSize)
  }
}

// Not of the table itself: `body` reaches the table again, for a connection within a connection, and would find it lent.
extension Pinned where Value == ConnectionTable {
  /// Calls `body` with a connection outside of its own callbacks, and has the connection settled afterwards. `nil` where
  /// the connection has gone, or is in a callback.
  ///
  /// A callback of another connection may be running, which gathers its output in the lent buffer: that is set aside.
  func lend<R>(_ token: ConnectionToken, _ body: (inout Connection) -> R) -> R? {
    guard let slot = pointee.find(token), slot.pointee.life.isOpen, !slot.pointee.isInCallback
    else { return nil }
    // Before an end of the output that the body may ask for.
    if pointee.forwardedTo == token { pointee.keepForwarded() }
    let (lentOutput, forwardedTo) = (slot.pointee.lentOutput, pointee.forwardedTo)
    var setAside = RingBuffer()
    swap(&setAside, &lentOutput.pointee)
    slot.pointee.isInCallback = true
    var view = Connection(slot)
    let result = body(&view)
    assert(slot.pointee.token == token && slot.pointee.life.isOpen, "a connection has ended while it was lent")
    // However much the kernel takes: the body may have stopped at the watermark, and waits for the drain.
    if view.isOutputFull { slot.pointee.life.flags.insert(.outputFull) }
    slot.pointee.isInCallback = false
    if !lentOutput.pointee.isEmpty { slot.pointee.outbound.append(moving: &lentOutput.pointee) }
    swap(&setAside, &lentOutput.pointee)
    assert(setAside.isEmpty, "output was lost")
    // No callback that is running sends what the body has forwarded.
    if pointee.forwardedTo != forwardedTo { pointee.keepForwarded() }
    slot.pointee.life.flags.insert(.settleDue)
    pointee.enqueue(slot)
    return result
  }
}
