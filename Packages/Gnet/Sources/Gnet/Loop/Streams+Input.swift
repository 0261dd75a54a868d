internal import Poller
internal import RingBuffer
internal import SystemPackage

extension Streams {
  /// Serves an event of an open connection.
  @inline(__always)
  mutating func serve(_ token: ConnectionToken, _ event: Poller.Event, _ turn: inout Turn<System>) {
    assert(areBuffersEmpty && callsInProgress.isEmpty)
    guard let slot = connections.pointee.find(token) else { return }
    if slot.pointee.life.phase != .open { return serveOther(slot, event, &turn) }
    if event.isWritable, slot.pointee.hasOutbound {
      flush(slot, &turn)
      guard slot.pointee.life.phase == .open else { return }
    }
    if event.isReadable {
      if slot.pointee.interest.contains(.readable) {
        if slot.pointee.life.wantsInput { receive(slot, &turn) } else { stopWatchingInput(slot, &turn) }
      } else if event.isError || event.isPeerClosed {
        hangUp(slot, &turn)
      }
    }
  }

  /// Serves an event of a connection in any other phase than `open`.
  @inline(never)
  private mutating func serveOther(_ slot: ConnectionSlot, _ event: Poller.Event, _ turn: inout Turn<System>) {
    switch slot.pointee.life.phase {
    case .establishing:
      if slot.pointee.filters == nil { serveConnecting(slot, &turn) } else { serveEstablishing(slot, event, &turn) }
    case .filtered: serveFiltered(slot, event, &turn)
    case .exchanging: serveExchange(slot, &turn)
    case .lingering: throwInputAway(slot, &turn)
    case .open, .ended: assertionFailure("a connection is served in the phase \(slot.pointee.life.phase)")
    }
  }

  /// Takes in that something has arrived which is not wanted: since a pause, or since the wait began. If it is the end of
  /// the connection, the selector tells of it again.
  @inline(never)
  private mutating func stopWatchingInput(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    watch(slot, slot.pointee.interest.subtracting(.readable), &turn)
  }

  /// Receives once, and offers what arrived to `react`. The selector reports bytes that are still in the kernel again,
  /// after other connections have had their turn.
  ///
  /// - Returns: whether bytes were received.
  @inline(__always)
  @discardableResult
  mutating func receive(_ slot: ConnectionSlot, _ turn: inout Turn<System>) -> Bool {
    assert(slot.pointee.life.phase == .open && areBuffersEmpty)
    var limit = turn.options.readBufferCapacity
    if slot.pointee.hasOutbound && !slot.pointee.life.isFullDuplex {
      // Another connection's callback has filled the output since the selector was last told.
      if slot.pointee.life.flags.contains(.outputFull) { return false }
      limit = Self.receiveLimit(slot.pointee.outboundCount, turn.options)
    }
    let free = unsafe input.freeSegments(minimumCapacity: turn.options.readBufferCapacity).first
    assert(limit > 0 && limit <= free.count)
    let buffer = unsafe UnsafeMutableRawBufferPointer(start: free.baseAddress, count: limit)
    switch unsafe turn.system.receiving(slot.pointee.fd, into: buffer) {
    case .moved(0):
      endInput(slot, &turn)
    case .moved(let count):
      input.commit(count)
      turn.counters.reads &+= 1
      turn.counters.bytesRead &+= UInt64(count)
      if tracksActivity { slot.pointee.lastReceived = turn.system.now }
      react(slot, &turn)
      return true
    case .wouldBlock:
      take(.inputExhausted, slot, &turn)
    case .failed(let error):
      fail(slot, error, &turn)
    }
    return false
  }

  @inline(never)
  mutating func endInput(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    assert(slot.pointee.life.isStream)
    assert(!slot.pointee.life.flags.contains(.inputEnded) || slot.pointee.life.flags.contains(.outputBroken))
    let mayAnswer = turn.options.allowHalfClosure || slot.pointee.life.isFullDuplex
    take(.inputEnded(mayAnswer: mayAnswer), slot, &turn)
  }

  /// The number of bytes that are received at once with output pending: no more than fit under the watermark, so that
  /// an answer as long as the request stays below it.
  static func receiveLimit(_ pendingCount: Int, _ options: borrowing Options) -> Int {
    min(options.readBufferCapacity, max(1, options.outboundHighWatermark - pendingCount))
  }

  /// Offers all unread bytes to `react`: the bytes left the last time, and those in `input`.
  @inline(__always)
  mutating func react(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    guard let handler = slot.pointee.handler else { return assertionFailure("a connection without a handler reacts") }
    assert(slot.pointee.life.isOpen && !slot.pointee.isInCallback)
    slot.pointee.isInCallback = true
    var view = Connection(slot)
    let action: Action
    if slot.pointee.hasInbound {
      action = reactToMore(slot, handler, &view)
    } else {
      action = handler.react(&view, &input)
      if !input.isEmpty { keepUnread(slot) }
    }
    assert(slot.pointee.isInCallback && input.isEmpty)
    slot.pointee.isInCallback = false
    settle(slot, action, &turn)
  }

  /// Keeps the bytes that the handler has left.
  @inline(never)
  private mutating func keepUnread(_ slot: ConnectionSlot) {
    assert(!slot.pointee.hasInbound, "bytes would come before those that were left earlier")
    slot.pointee.inbound.write(prefix: input.count, of: input)
    input.removeAll()
    noteHeldInput(slot)
  }

  /// Offers the bytes that the handler has left before, and the received ones behind them.
  @inline(never)
  private mutating func reactToMore(
    _ slot: ConnectionSlot, _ handler: HandlerReference, _ view: inout Connection
  ) -> Action {
    slot.pointee.life.flags.remove(.holdsInput)
    slot.pointee.inbound.append(moving: &input)
    let action = handler.react(&view, &slot.pointee.inbound)
    slot.pointee.giveInboundBack()
    if slot.pointee.hasInbound { noteHeldInput(slot) }
    assert(slot.pointee.hasInbound || !slot.pointee.life.flags.contains(.holdsInput))
    return action
  }

  /// Takes in that the handler has left bytes. After an error they are no reason to keep the connection.
  private func noteHeldInput(_ slot: ConnectionSlot) {
    guard slot.pointee.life.flags.contains(.readingPaused), slot.pointee.failure == nil else { return }
    slot.pointee.life.flags.insert(.holdsInput)
  }

  /// Tells the handler that its output has drained, and offers it the bytes that it had left.
  mutating func drained(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    assert(slot.pointee.life.isOpen && slot.pointee.life.flags.isDisjoint(with: [.outputFull, .drainedDue]))
    settle(slot, call(slot) { slot.pointee.handler?.drained(&$0) ?? .none }, &turn)
    guard slot.pointee.life.mayReact else { return }
    if !slot.pointee.hasInbound && !slot.pointee.life.flags.contains(.wakeRequested) { return }
    slot.pointee.life.flags.remove(.wakeRequested)
    react(slot, &turn)
  }

  /// Receives and offers what has arrived, ahead of a decision that must not come before it. Bounded by the bytes
  /// present now, since a peer may never stop sending.
  mutating func offerArrived(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    assert(slot.pointee.life.isOpen && areBuffersEmpty)
    if slot.pointee.life.phase == .exchanging { return receiveDatagrams(slot, &turn) }
    let token = slot.pointee.token
    let readCount = turn.system.unreadCount(slot.pointee.fd) / turn.options.readBufferCapacity + Self.spareReadCount
    for _ in 0..<readCount {
      guard slot.pointee.life.isStream, slot.pointee.life.wantsInput, receiveEither(slot, &turn),
        slot.pointee.token == token
      else { return }
    }
  }

  /// Receives once, with or without filters.
  ///
  /// - Returns: whether bytes were received.
  @discardableResult
  private mutating func receiveEither(_ slot: ConnectionSlot, _ turn: inout Turn<System>) -> Bool {
    slot.pointee.life.phase == .filtered ? receiveFiltered(slot, &turn) : receive(slot, &turn)
  }

  /// The reads beyond those that full buffers need: reads may be shorter, and the last one finds the stream's end.
  private static var spareReadCount: Int { 16 }

  /// The peer is gone while its input was not wanted: it had ended its stream before, it will not take the output that
  /// is pending, or the handler has paused reading. In the latter cases what it sent before is still to be read.
  @inline(never)
  mutating func hangUp(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    assert(slot.pointee.life.isStream && !slot.pointee.interest.contains(.readable))
    slot.pointee.failure = turn.system.pendingError(of: slot.pointee.fd) ?? slot.pointee.failure
    if slot.pointee.failure != nil { slot.pointee.life.flags.remove(.holdsInput) }
    take(.hungUp, slot, &turn)
  }

  /// Reads the bytes that a peer had sent before sending to it failed, one buffer a turn.
  mutating func readRest(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    assert(slot.pointee.life.isStream && slot.pointee.life.flags.contains(.outputBroken))
    let token = slot.pointee.token
    receiveEither(slot, &turn)
    guard slot.pointee.token == token, slot.pointee.life.isStream else { return }
    if !slot.pointee.life.flags.contains(.inputEnded) { connections.pointee.enqueue(slot) }
  }
}
