internal import CGnet
internal import RingBuffer
internal import SystemPackage

extension Reactor {
  /// Serves what other threads have sent.
  func serveMailbox() {
    let count = loop.mailbox.drain { message in
      switch consume message {
      case .adopt(let connection): adopt(connection)
      case .orders(let control): obey(control)
      case .job(let job): loop.run(job)
      }
    }
    counters.mailboxMessages &+= UInt64(count)
    counters.mailboxDepthMax = max(counters.mailboxDepthMax, UInt64(count))
    hasMail = !loop.mailbox.isEmpty
  }

  /// Carries out the calls that wait at a remote control.
  private func obey(_ control: RemoteControl) {
    switch control.target {
    case .connection(let token):
      guard let slot = connections.pointee.find(token: token), slot.pointee.phase == .open else { return }
      obey(control, slot)
    case .datagrams(let peer, let local, let addressIndex):
      let source = sources.first { $0.socket.addressIndex == addressIndex }
      if let end = source?.datagrams { obey(control, end, peer, local) }
    }
  }

  private func obey(_ control: RemoteControl, _ slot: Slot) {
    unobeyed = control.takeOrders()
    if control.isAborted {
      unobeyed = RemoteControl.Pending()
      return finish(slot, .connectionAbort)
    }
    for order in unobeyed.orders {
      switch order {
      case .write(let byteCount): take(byteCount, from: &unobeyed.output, for: slot)
      case .wake: if slot.pointee.ending == .none { react(slot) }
      case .close: slot.pointee.end(.close)
      }
      // A wake may be the connection's end.
      if slot.pointee.phase != .open { break }
    }
    if slot.pointee.phase == .open { sendRest(slot) }
    recycle(&unobeyed.output)
    unobeyed = RemoteControl.Pending()
  }

  /// Sends what waits behind the last order: as a rule, all there is. It is not copied for that, but lent as output.
  private func sendRest(_ slot: Slot) {
    let isLent = output.pointee.isEmpty && slot.pointee.outbound.isEmpty && !slot.pointee.flags.contains(.outputBroken)
    if isLent {
      swap(&output.pointee, &unobeyed.output)
    } else {
      take(unobeyed.output.count, from: &unobeyed.output, for: slot)
    }
    settle(slot, .none)
    if isLent { swap(&output.pointee, &unobeyed.output) }
  }

  /// Leaves an empty ring's storage to the next writer.
  private func recycle(_ ring: inout RingBuffer) {
    loop.spareRings.give(&ring)
    if spareRingsExpiry == .never {
      spareRingsExpiry = now + Self.spareRingsLifetime
      remind(at: spareRingsExpiry)
    }
  }

  /// Before a connection ends, what its handle has accepted goes behind what was written; then it refuses more.
  func settleRemoteControl(_ slot: Slot) {
    guard slot.pointee.ending != .none, let control = slot.pointee.remoteControl else { return }
    // Not empty if it was a wake that led here, and bytes were accepted after it.
    take(unobeyed.output.count, from: &unobeyed.output, for: slot)
    var pending = control.refuse()
    take(pending.output.count, from: &pending.output, for: slot)
  }

  private func take(_ byteCount: Int, from bytes: inout RingBuffer, for slot: Slot) {
    if slot.pointee.flags.contains(.outputBroken) || byteCount == 0 { return }
    if slot.pointee.outbound.isEmpty {
      Self.move(byteCount, from: &bytes, to: &output.pointee)
    } else {
      Self.move(byteCount, from: &bytes, to: &slot.pointee.outbound)
    }
  }

  private static func move(_ byteCount: Int, from source: inout RingBuffer, to target: inout RingBuffer) {
    if byteCount == source.count { return target.append(moving: &source) }
    target.write(prefix: byteCount, of: source)
    source.discard(byteCount)
  }

  private func obey(
    _ control: RemoteControl, _ end: DatagramEndpoint, _ peer: SocketAddress, _ local: cgnet_local
  ) {
    var pending = control.takeOrders()
    for order in pending.orders {
      switch order {
      case .write(let byteCount):
        do {
          let segments = pending.output.readable(prefix: byteCount)
          end.outbox.append(segments.first, segments.second, to: peer, from: local)
        }
        pending.output.discard(byteCount)
      case .wake:
        react(end, peer, local)
      case .close:
        break
      }
    }
    recycle(&pending.output)
    flush(end)
  }
}
