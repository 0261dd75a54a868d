internal import CGnet
internal import Poller
internal import RingBuffer
internal import SystemPackage

extension Reactor {
  /// Receives a batch of datagrams, calls `react` for each, and sends what it wrote.
  func receiveDatagrams(_ end: DatagramEndpoint) {
    guard let room = datagramRoom else { return }
    // An error is one of an earlier datagram to a peer that is not there: the socket goes on.
    guard case .moved(let count) = room.receive(end.socket.fd) else { return }
    counters.reads &+= 1
    let messages = unsafe room.messages
    for index in 0..<count {
      let message = unsafe messages + index
      let (byteCount, segment) = unsafe (message.pointee.byte_count, message.pointee.segment)
      let peer = unsafe SocketAddress(peerOf: message.pointee.ends)
      var taken = 0
      repeat {
        let size = segment == 0 ? byteCount : min(segment, byteCount - taken)
        unsafe input.pointee.write(UnsafeRawBufferPointer(start: message.pointee.bytes + taken, count: size).bytes)
        taken += size
        counters.datagramsIn &+= 1
        unsafe react(end, peer, message.pointee.ends.local)
      } while taken < byteCount
      counters.bytesRead &+= UInt64(byteCount)
    }
    flush(end)
  }

  /// Calls `react` for a peer with the bytes in `input`; what it leaves there is dropped.
  func react(_ end: DatagramEndpoint, _ peer: SocketAddress, _ local: cgnet_local) {
    end.peer.pointee.remote = peer
    end.outbox.local = local
    let action = react(end.peer, to: &input.pointee)
    input.pointee.removeAll()
    end.peer.pointee.context = nil
    if end.peer.pointee.flags.contains(.wakeRequested) {
      end.peer.pointee.flags.remove(.wakeRequested)
      end.wakes.append((peer, local))
      isAnythingDue = true
    }
    if action == .shutdown { server.shutdown() }
    // Sooner than at the end of the round, so that what many callbacks write does not pile up.
    if end.outbox.count >= Int(CGNET_DATAGRAM_BATCH) && !end.outbox.isWaitingForRoom { flush(end) }
  }

  /// Calls `react` for the peers for which that was asked.
  func serveWakes(_ end: DatagramEndpoint) {
    if end.wakes.isEmpty { return }
    var round: [(peer: SocketAddress, local: cgnet_local)] = []
    swap(&round, &end.wakes)
    for (peer, local) in round { react(end, peer, local) }
    flush(end)
  }

  /// Sends waiting datagrams, and has the poller tell when there is room for the rest.
  func flush(_ end: DatagramEndpoint) {
    while !end.outbox.isEmpty {
      if hasPreWriteHooks { announceBatch(end) }
      switch end.outbox.sendBatch(end.socket.fd) {
      case .moved(let runCount):
        let sent = end.outbox.removeFirst(runCount)
        counters.writes &+= 1
        counters.datagramsOut &+= UInt64(sent.count)
        counters.bytesWritten &+= UInt64(sent.byteCount)
        continue
      case .wouldBlock:
        counters.writesWouldBlock &+= 1
      case .failed(let error):
        end.outbox.settleFailure(error)
        continue
      }
      break
    }
    accountPending(end)
    if end.outbox.isEmpty == end.outbox.isWaitingForRoom { toggleWaiting(end) }
  }

  /// Has the poller tell when there is room, or no longer. Not inlined, since looking at `sources` is dear where that
  /// is done for every datagram.
  @inline(never)
  private func toggleWaiting(_ end: DatagramEndpoint) {
    end.outbox.isWaitingForRoom.toggle()
    if let source = sources.first(where: { $0.datagrams === end }) { watch(source, source.interest) }
  }

  /// Drops the datagrams that wait.
  func drop(_ end: DatagramEndpoint) {
    end.outbox.removeAll()
    accountPending(end)
  }

  /// Keeps the sum of pending output.
  private func accountPending(_ end: DatagramEndpoint) {
    let pending = end.outbox.byteCount
    counters.pendingOutputBytes &+= UInt64(bitPattern: Int64(pending - end.accountedBytes))
    end.accountedBytes = pending
  }

  /// Announces each datagram before the first attempt to send it.
  private func announceBatch(_ end: DatagramEndpoint) {
    while let run = end.outbox.announceNext() {
      end.peer.pointee.remote = SocketAddress(peerOf: run.ends)
      end.outbox.local = run.ends.local
      for index in 0..<Int(run.count) { callPreWrite(end.peer, run.byteCount(of: index)) }
    }
  }
}
