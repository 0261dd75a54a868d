internal import CGnet
internal import Gnet

// The network between the hosts.
extension World {
  /// The time that something takes from one host to another.
  func delay(_ from: SimulatedHost, _ to: SimulatedHost) -> Int64 {
    from === to ? 0 : random.nanoseconds(in: network.delay)
  }

  func isPartitioned(_ one: SimulatedHost, _ other: SimulatedHost) -> Bool {
    !partitions.isEmpty && partitions.contains(Partition(one, other))
  }

  /// The host that an address belongs to, as seen from a host.
  func host(of address: SocketAddress, from host: SimulatedHost) -> SimulatedHost? {
    if address.isLoopback || address.isUnspecified || address.family == .unix { return host }
    return hosts.first { $0.has(address) }
  }

  /// Begins to connect a stream. The outcome comes later, also where both ends are on one host.
  func connect(_ end: StreamEnd) {
    end.beginConnecting()
    guard let target = host(of: end.remote, from: end.host) else {
      return schedule(after: 1_000_000) { end.failConnecting(ENETUNREACH) }
    }
    if random.happens(network.hangProbability) { return expire(end) }
    let isRefused = random.happens(network.refuseProbability)
    schedule(after: delay(end.host, target)) { [self] in
      if end.isClosed { return }
      if isPartitioned(end.host, target) { return expire(end) }
      guard !isRefused, let listener = target.listener(for: end.remote) else {
        note(target.number, "refused", end.number, 0)
        return schedule(after: delay(target, end.host)) { end.failConnecting(ECONNREFUSED) }
      }
      if listener.isFull { return retry(end) }
      establish(end, at: listener)
      schedule(after: delay(target, end.host)) { end.finishConnecting() }
    }
  }

  /// Joins an end with a new one that waits to be accepted.
  func establish(_ end: StreamEnd, at listener: ListeningSocket) {
    let accepted = StreamEnd(listener.host, isUnix: end.isUnix, local: end.remote, remote: end.local)
    end.join(accepted)
    note(listener.host.number, "connected", accepted.number, end.number)
    listener.add(accepted)
  }

  /// Tries again to reach a listener whose queue is full.
  private func retry(_ end: StreamEnd) {
    schedule(after: 1_000_000_000) { [self] in if !end.isClosed { connect(end) } }
  }

  /// Lets an attempt to connect run into the time-out of TCP.
  private func expire(_ end: StreamEnd) { schedule(after: 127_000_000_000) { end.failConnecting(ETIMEDOUT) } }

  /// Sends a datagram over the network.
  func transmit(_ bytes: [UInt8], to peer: SocketAddress, from source: SocketAddress, of sender: DatagramSocket) {
    guard let target = host(of: peer, from: sender.host) else { return }
    if isPartitioned(sender.host, target) || random.happens(network.datagramLossProbability) {
      return note(sender.host.number, "lost", -1, bytes.count)
    }
    for _ in 0..<(random.happens(network.datagramDuplicateProbability) ? 2 : 1) {
      let slowness: Int64 = random.happens(network.datagramDelayProbability) ? 10 : 1
      schedule(after: delay(sender.host, target) * slowness) { [self] in
        note(target.number, "datagram", -1, bytes.count)
        if let socket = target.datagramSocket(for: peer) {
          socket.arrive(Datagram(bytes: bytes, source: source, destination: peer))
        } else {
          schedule(after: delay(target, sender.host)) { sender.refuse() }
        }
      }
    }
  }
}
