/// Deals connections to loops: each thread that accepts has one of its own, the server has one for outbound connections.
struct LoadBalancer {
  private let policy: LoadBalancing
  private let loops: [EventLoop]
  private var turn = 0

  init(_ policy: LoadBalancing, over loops: [EventLoop]) {
    assert(!loops.isEmpty)
    self.policy = policy
    self.loops = loops
  }

  /// The loop for an accepted connection.
  mutating func loop(for connection: borrowing AcceptedSocket, _ system: some LoopSystem) -> EventLoop {
    loop { connection.sourceHash(system) }
  }

  /// The loop for a connection with a hash, which is asked for where it counts.
  mutating func loop(_ hash: () -> UInt64) -> EventLoop {
    assert(turn < loops.count)
    if loops.count == 1 { return loops[0] }
    switch policy {
    case .roundRobin:
      defer { turn = (turn + 1) % loops.count }
      return loops[turn]
    case .leastConnections:
      // The starting point moves on: equal loops take turns.
      defer { turn = (turn + 1) % loops.count }
      var best = loops[turn]
      for offset in 1..<loops.count {
        let candidate = loops[(turn + offset) % loops.count]
        if candidate.connectionLoad < best.connectionLoad { best = candidate }
      }
      return best
    case .sourceAddressHash:
      return loops[Int(hash() % UInt64(loops.count))]
    }
  }
}

extension AcceptedSocket {
  /// The hash of where the connection comes from.
  fileprivate func sourceHash(_ system: some LoopSystem) -> UInt64 {
    guard remote.path == "" else { return remote.hostHash }
    return SocketAddress(.unix(path: String(system.peerProcess(of: socket.fd)))).hostHash
  }
}
