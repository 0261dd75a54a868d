internal import CGnet
internal import Poller
internal import RingBuffer
internal import SystemPackage

extension Reactor {
  /// Receives a batch of datagrams, calls `react` for each, and sends what it wrote.
  func receiveDatagrams(_ end: DatagramEndpoint) {
    guard let room = datagramRoom else { return }
    // An error is one of an earlier datagram to a peer that is not there: the socket goes on.
    guard case .moved(let count) = unsafe Syscalls.receive(end.socket.fd, datagrams: room.datagrams) else { return }
    counters.reads &+= 1
    counters.datagramsIn &+= UInt64(count)
    for index in 0..<count {
      let datagram = unsafe room.datagrams[index]
      unsafe input.pointee.write(UnsafeRawBufferPointer(start: datagram.bytes, count: datagram.count).bytes)
      unsafe counters.bytesRead &+= UInt64(datagram.count)
      unsafe react(end, SocketAddress(datagram.peer, length: datagram.peer_length), datagram.local)
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
      case .moved(let count):
        counters.writes &+= 1
        counters.datagramsOut &+= UInt64(count)
        counters.bytesWritten &+= UInt64(end.outbox.removeFirst(count))
        continue
      case .wouldBlock:
        counters.writesWouldBlock &+= 1
      case .failed:
        // This datagram cannot be sent: it is too long, or its peer cannot be reached. The next one may.
        _ = end.outbox.removeFirst(1)
        continue
      }
      break
    }
    accountPending(end)
    if end.outbox.isEmpty == end.outbox.isWaitingForRoom {
      end.outbox.isWaitingForRoom.toggle()
      if let source = sources.first(where: { $0.datagrams === end }) { watch(source, source.interest) }
    }
  }

  /// Drops the datagrams that wait.
  func drop(_ end: DatagramEndpoint) {
    _ = end.outbox.removeFirst(end.outbox.count)
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
    while let datagram = end.outbox.announceNext() {
      end.peer.pointee.remote = datagram.peer
      end.outbox.local = datagram.local
      callPreWrite(end.peer, datagram.byteCount)
    }
  }
}
