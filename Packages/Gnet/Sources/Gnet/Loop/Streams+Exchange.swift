internal import CGnet
internal import Poller
internal import RingBuffer
internal import SystemPackage

// Outbound connections over UDP, in the phase `exchanging`: a slot like all others, whose bytes keep the bounds of their
// datagrams. Output waits in an outbox of the connection's own, and each datagram is received by a call of its own.
extension Streams {
  /// Gives the slot of a datagram socket that was connected its outbox.
  func prepareExchange(_ slot: ConnectionSlot, _ turn: borrowing Turn<System>) {
    assert(slot.pointee.life.phase == .establishing && slot.pointee.outbox == nil)
    slot.pointee.outbox = Pinned(
      DatagramOutbox(
        connectedWithin: turn.options.outboundHighWatermark, merges: turn.system.canSegment(slot.pointee.fd)))
  }

  /// Serves an event of a connection over UDP.
  mutating func serveExchange(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    assert(slot.pointee.life.phase == .exchanging && areBuffersEmpty)
    let token = slot.pointee.token
    if slot.pointee.outbox?.pointee.isEmpty == false {
      settle(slot, .none, &turn)
      guard slot.pointee.token == token, slot.pointee.life.isOpen else { return }
    }
    receiveDatagrams(slot, &turn)
  }

  /// Receives a number of datagrams, and calls `react` for each; what it leaves is dropped.
  mutating func receiveDatagrams(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    assert(slot.pointee.life.phase == .exchanging && areBuffersEmpty)
    let token = slot.pointee.token
    for _ in 0..<Int(CGNET_DATAGRAM_BATCH) {
      guard slot.pointee.token == token, slot.pointee.life.isOpen else { return }
      guard slot.pointee.life.wantsInput else {
        // An error would be reported again and again.
        if let error = turn.system.pendingError(of: slot.pointee.fd) { fail(slot, error, &turn) }
        return
      }
      assert(input.isEmpty, "a datagram would be joined to the one before")
      let buffer = unsafe input.freeSegments(minimumCapacity: Int(CGNET_MESSAGE_CAPACITY)).first
      switch unsafe turn.system.receiving(slot.pointee.fd, into: buffer) {
      case .moved(let count):
        input.commit(count)
        turn.counters.reads &+= 1
        turn.counters.datagramsIn &+= 1
        turn.counters.bytesRead &+= UInt64(count)
        if tracksActivity { slot.pointee.lastReceived = turn.system.now }
        reactToDatagram(slot, &turn)
      case .wouldBlock:
        return
      case .failed(let error):
        return fail(slot, error, &turn)
      }
    }
  }

  private mutating func reactToDatagram(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    assert(slot.pointee.handler != nil && !slot.pointee.isInCallback)
    slot.pointee.isInCallback = true
    var view = Connection(slot)
    let action = slot.pointee.handler?.react(&view, &input) ?? .none
    slot.pointee.isInCallback = false
    input.removeAll()
    settle(slot, action, &turn)
  }

  /// Sends the datagrams that wait. An error of the peer, such as a port that refuses, is remembered as the connection's
  /// end; a datagram that cannot be sent for other reasons is dropped.
  mutating func sendDatagrams(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    guard let outbox = slot.pointee.outbox else { return }
    assert(slot.pointee.life.phase == .exchanging && slot.pointee.isOutbound)
    while !outbox.pointee.isEmpty {
      if hasPreWriteHooks { announce(outbox, slot) }
      outbox.pointee.forgetPeers()
      switch outbox.pointee.sendNext(slot.pointee.fd, &turn) {
      case .sent:
        slot.pointee.life.flags.insert(.hasSent)
        if tracksActivity { slot.pointee.lastSent = turn.system.now }
        continue
      case .blocked:
        break
      case .failed(let error) where error.isOfPeer:
        outbox.pointee.removeAll()
        slot.pointee.failure = error
        slot.pointee.end(.close)
      case .failed(let error):
        if outbox.pointee.settleFailure(error) { loop.count(in: &turn.counters) { $0.noteUnsent(error) } }
        continue
      }
      break
    }
    let droppedCount = outbox.pointee.takeDroppedCount()
    if droppedCount > 0 { loop.count(in: &turn.counters) { $0.datagramsDropped &+= droppedCount } }
    outbox.pointee.isWaitingForWritability = !outbox.pointee.isEmpty
  }

  /// Announces each datagram of the next batch.
  private func announce(_ outbox: Pinned<DatagramOutbox>, _ slot: ConnectionSlot) {
    while let run = outbox.pointee.announceNext() {
      for index in 0..<Int(run.count) { callPreWrite(slot, run.byteCount(of: index)) }
    }
  }
}

extension Errno {
  /// Whether an error of sending tells that the peer of a connected socket cannot be reached, and not of the datagram.
  fileprivate var isOfPeer: Bool {
    switch self {
    case .connectionRefused, .hostIsDown, .noRouteToHost, .networkUnreachable, .networkDown, .connectionReset: true
    default: false
    }
  }
}
