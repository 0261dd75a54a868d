internal import CGnet
internal import Poller
internal import RingBuffer
internal import SystemPackage

/// The datagram sockets of a loop: receives batches, calls `react` for each datagram, and sends what it wrote.
struct Datagrams<System: LoopSystem>: ~Copyable {
  private let loop: EventLoop
  private let plugins: PluginHooks
  /// The sockets by their ids, which never change; `nil` once closed.
  private(set) var sockets: [DatagramSocket?] = []
  /// Made with the first socket.
  private var buffers: DatagramBuffers?
  /// The datagram being served.
  private var input = RingBuffer()
  /// An empty ring: the slots of peers have no other output than datagrams.
  private let noOutput = Pinned(RingBuffer())
  /// Whether a `react` without a datagram was asked for.
  private(set) var hasWakes = false

  init(_ loop: EventLoop, _ plugins: PluginHooks) {
    self.loop = loop
    self.plugins = plugins
  }

  deinit { noOutput.destroy() }

  /// Whether no datagram waits to be sent.
  var hasDrained: Bool { sockets.allSatisfy { $0?.outbox.isEmpty ?? true } }

  /// Whether `hasWakes` tells of the wakes that wait.
  private var areWakesNoted: Bool { hasWakes == sockets.contains { $0?.wakes.isEmpty == false } }

  /// Takes over a socket, and watches it.
  mutating func add(_ socket: BoundSocket, _ turn: inout Turn<System>) throws(Errno) {
    assert(socket.isDatagram)
    let id = sockets.count
    let watched = WatchedSocket(socket, .datagrams(id), retry: .datagrams(id))
    try watched.add(.readable, &turn)
    if buffers == nil { buffers = DatagramBuffers() }
    sockets.append(
      DatagramSocket(
        watched, loop: loop, noOutput: noOutput, limit: turn.options.outboundHighWatermark,
        merges: turn.system.canSegment(socket.fd)))
  }

  /// Takes the handlers of the listeners, by the indexes of their addresses; on the loop's thread, before the first
  /// datagram.
  func prepare(_ handlers: [HandlerTable]) {
    for socket in sockets {
      guard let socket else { continue }
      assert(socket.handler == nil && socket.outbox.isEmpty)
      socket.handler = HandlerReference(sharedBy: handlers[socket.watched.socket.addressIndex])
    }
  }

  /// Receives and sends, as the socket is ready.
  mutating func serve(_ id: Int, _ event: Poller.Event, _ turn: inout Turn<System>) {
    // Events of a socket that was closed may still be on their way.
    guard let socket = sockets[id] else { return }
    if event.isWritable { flush(socket, &turn) }
    if event.isReadable && !socket.isClosing { receive(socket, &turn) }
  }

  /// Receives a batch of datagrams, calls `react` for each, and sends what it wrote.
  ///
  /// - Returns: the number of messages received.
  @discardableResult
  private mutating func receive(_ socket: DatagramSocket, _ turn: inout Turn<System>) -> Int {
    assert(input.isEmpty && !socket.isClosing)
    guard let buffers else { return 0 }
    // An error is one of an earlier datagram to a peer that is not there: the socket goes on.
    guard case .moved(let count) = buffers.receive(socket.fd, turn.system) else { return 0 }
    assert(count <= Int(CGNET_DATAGRAM_BATCH))
    turn.counters.reads &+= 1
    let messages = unsafe buffers.messages
    for index in 0..<count {
      let message = unsafe messages + index
      let (byteCount, segment) = unsafe (message.pointee.byte_count, message.pointee.segment)
      let peer = unsafe SocketAddress(peerOf: message.pointee.ends)
      var taken = 0
      repeat {
        let size = segment == 0 ? byteCount : min(segment, byteCount - taken)
        unsafe input.write(UnsafeRawBufferPointer(start: message.pointee.bytes + taken, count: size).bytes)
        taken += size
        turn.counters.datagramsIn &+= 1
        unsafe react(socket, peer, message.pointee.ends.local, &turn)
      } while taken < byteCount
      assert(taken == byteCount)
      turn.counters.bytesRead &+= UInt64(byteCount)
    }
    flush(socket, &turn)
    return count
  }

  /// Calls `react` for a peer with the bytes in `input`; what it leaves there is dropped.
  private mutating func react(
    _ socket: DatagramSocket, _ peer: SocketAddress, _ local: cgnet_local, _ turn: inout Turn<System>
  ) {
    assert(socket.handler != nil && socket.peer.pointee.life.phase == .ended)
    socket.peer.pointee.remote = peer
    socket.outbox.local = local
    var view = Connection(socket.peer)
    let action = socket.handler?.react(&view, &input) ?? .none
    if !input.isEmpty { input.removeAll() }
    assert(noOutput.pointee.isEmpty && socket.peer.pointee.handleQueue == nil)
    socket.peer.pointee.context = nil
    if socket.peer.pointee.life.flags.contains(.wakeRequested) {
      socket.peer.pointee.life.flags.remove(.wakeRequested)
      socket.wakes.append((peer, local))
      hasWakes = true
    }
    if action == .shutdown { turn.server.shutdown() }
    // Sooner than at the end of the round, so that what many callbacks write does not pile up.
    if socket.outbox.count >= Int(CGNET_DATAGRAM_BATCH) && !socket.outbox.isWaitingForWritability {
      flush(socket, &turn)
    }
    assert(input.isEmpty)
  }

  /// Calls `react` for the peers for which that was asked.
  mutating func serveWakes(_ turn: inout Turn<System>) {
    assert(areWakesNoted)
    hasWakes = false
    for id in sockets.indices {
      guard let socket = sockets[id], !socket.wakes.isEmpty else { continue }
      var round: [(peer: SocketAddress, local: cgnet_local)] = []
      swap(&round, &socket.wakes)
      for (peer, local) in round { react(socket, peer, local, &turn) }
      flush(socket, &turn)
    }
    assert(areWakesNoted)
  }

  /// Applies the calls that wait in the queue of a peer's handle.
  mutating func apply(
    _ queue: HandleQueue, _ peer: SocketAddress, _ local: cgnet_local, _ addressIndex: Int,
    _ turn: inout Turn<System>
  ) {
    assert(queue.loop === loop && input.isEmpty)
    let found = sockets.first { $0?.watched.socket.addressIndex == addressIndex }
    guard let socket = found ?? nil else { return }
    var pending = queue.takeCalls()
    for call in pending.calls {
      switch call {
      case .write(let byteCount):
        do {
          let segments = pending.output.readable(prefix: byteCount)
          socket.outbox.append(segments.first, segments.second, to: peer, from: local)
        }
        pending.output.discard(byteCount)
      case .wake:
        react(socket, peer, local, &turn)
      case .close, .perform:
        break
      }
    }
    assert(pending.output.isEmpty, "bytes are part of no datagram")
    turn.recycle(&pending.output, into: loop.spareRings)
    flush(socket, &turn)
  }

  // MARK: Sending

  /// Sends waiting datagrams, and has the selector tell when the socket is writable again for the rest.
  private mutating func flush(_ socket: DatagramSocket, _ turn: inout Turn<System>) {
    while !socket.outbox.isEmpty {
      if plugins.exist || socket.hasPreWrite { announceBatch(socket) }
      let outcome = socket.outbox.sendNext(socket.fd, &turn)
      if case .sent = outcome { continue }
      guard case .failed(let error) = outcome else { break }
      settleFailure(socket, error, &turn)
    }
    accountPending(socket, &turn)
    if socket.outbox.isEmpty == socket.outbox.isWaitingForWritability {
      countDropped(socket, &turn)
      socket.outbox.isWaitingForWritability.toggle()
      socket.watched.watch(socket.interest, &turn)
    }
    assert(socket.isSettled)
  }

  @inline(never)
  private func settleFailure(_ socket: DatagramSocket, _ error: Errno, _ turn: inout Turn<System>) {
    if socket.outbox.settleFailure(error) { loop.count(in: &turn.counters) { $0.noteUnsent(error) } }
  }

  /// Counts the datagrams that were dropped while the kernel took nothing.
  @inline(never)
  private func countDropped(_ socket: DatagramSocket, _ turn: inout Turn<System>) {
    let count = socket.outbox.takeDroppedCount()
    if count > 0 { loop.count(in: &turn.counters) { $0.datagramsDropped &+= count } }
  }

  /// Keeps the sum of pending output.
  private func accountPending(_ socket: DatagramSocket, _ turn: inout Turn<System>) {
    let pending = socket.outbox.byteCount
    turn.counters.pendingOutputBytes &+= UInt64(bitPattern: Int64(pending - socket.accountedBytes))
    socket.accountedBytes = pending
    assert(Int64(bitPattern: turn.counters.pendingOutputBytes) >= pending, "more waits than is counted")
  }

  /// Announces each datagram before the first attempt to send it.
  private func announceBatch(_ socket: DatagramSocket) {
    while let run = socket.outbox.announceNext() {
      socket.peer.pointee.remote = SocketAddress(peerOf: run.ends)
      socket.outbox.local = run.ends.local
      var view = Connection(socket.peer)
      for index in 0..<Int(run.count) {
        plugins.preWrite(&view, run.byteCount(of: index))
        socket.handler?.preWrite(&view, run.byteCount(of: index))
      }
    }
  }

  /// Goes on with a socket whose pause is over.
  mutating func retry(_ id: Int, _ turn: inout Turn<System>) {
    guard let socket = sockets[id] else { preconditionFailure("a deadline has outlived its socket") }
    socket.watched.retryTimerFired()
    socket.watched.watch(socket.interest, &turn)
  }

  // MARK: Shutting down

  /// Receives the datagrams that have arrived, and then no more. The sockets stay for what handles and workers still
  /// send.
  mutating func beginShutdown(_ turn: inout Turn<System>) {
    assert(turn.isDraining)
    for socket in sockets {
      guard let socket else { continue }
      for _ in 0..<Self.finalBatchCount where receive(socket, &turn) < Int(CGNET_DATAGRAM_BATCH) { break }
      socket.isClosing = true
      flush(socket, &turn)
      socket.watched.watch(socket.interest, &turn)
    }
  }

  /// The number of batches that a shutdown receives from a socket at the most.
  private static var finalBatchCount: Int { 64 }

  /// Drops the datagrams that wait.
  mutating func removeAll(_ turn: inout Turn<System>) {
    for socket in sockets {
      guard let socket else { continue }
      socket.outbox.removeAll()
      countDropped(socket, &turn)
      accountPending(socket, &turn)
    }
    assert(hasDrained)
  }

  /// Closes all sockets.
  mutating func close(_ turn: inout Turn<System>) {
    assert(hasDrained)
    for id in sockets.indices {
      sockets[id]?.watched.remove(&turn)
      sockets[id] = nil
    }
  }
}
