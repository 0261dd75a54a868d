internal import Poller
internal import SystemPackage

/// The listening sockets of one thread: accepts connections and deals them to loops.
struct Listeners<System: LoopSystem>: ~Copyable {
  /// A connection that was accepted, and the loop that is to serve it. The loop counts the connection already.
  struct Dealt: ~Copyable {
    let connection: AcceptedSocket
    let loop: EventLoop
  }

  /// The number of connections that are accepted before others get their turn.
  static var batchSize: Int { 64 }

  /// The number of connections that are accepted from a socket before it is closed: the most that its queue may hold.
  static var finalBatchSize: Int { 65_536 }

  /// The sockets by their ids, which never change; `nil` once closed.
  var sockets: [WatchedSocket?] = []
  private var balancer: LoadBalancer

  init(dealingBy balancer: LoadBalancer) { self.balancer = balancer }

  /// Takes over a socket, and watches it.
  mutating func add(_ socket: BoundSocket, _ turn: inout Turn<System>) throws(Errno) {
    assert(!socket.isDatagram)
    let id = sockets.count
    let watched = WatchedSocket(socket, .listener(id), retry: .listener(id))
    try watched.add(.readable, &turn)
    sockets.append(watched)
    if socket.file != nil { setFileTimer(id, &turn) }
  }

  /// Whether no socket is left.
  var isClosed: Bool { sockets.allSatisfy { $0 == nil } }

  /// The ids of the sockets, closed ones included.
  var ids: Range<Int> { sockets.indices }

  /// Accepts a connection; `nil` when nobody waits, or accepting pauses.
  mutating func accept(from id: Int, _ turn: inout Turn<System>) -> Dealt? {
    // Events of a listener that was closed may still be on their way.
    guard let listener = sockets[id]?.socket else { return nil }
    while true {
      switch turn.system.accepting(listener.fd) {
      case .nobodyWaits:
        return nil
      case .accepted(let socket, let peer):
        sockets[id]!.noteSuccess(turn)
        let accepted = AcceptedSocket(socket: socket, addressIndex: listener.addressIndex, remote: peer, adoption: nil)
        let loop = balancer.loop(for: accepted, turn.system)
        // Counted before it is compared, so that several threads that accept never exceed the limit together.
        loop.addConnection()
        if let limit = turn.options.maxConnections, turn.server.connectionCount > limit {
          loop.removeConnection()
          return nil
        }
        return Dealt(connection: accepted, loop: loop)
      case .failed(let error):
        turn.counters.acceptErrors &+= 1
        if isOfTheConnection(error) { continue }
        sockets[id]!.pause(for: error, &turn)
        return nil
      }
    }
  }

  /// Whether an error of `accept` concerns only the connection that was to be accepted: it was given up
  /// meanwhile, or the network lost it. Source: accept(2), "Error handling".
  private func isOfTheConnection(_ error: Errno) -> Bool {
    switch error {
    case .connectionAbort, .protocolError, .connectionReset, .notPermitted, .networkDown, .protocolNotAvailable,
      .hostIsDown, .noRouteToHost, .notSupportedOnSocket, .networkUnreachable, .timedOut:
      true
    default:
      false
    }
  }

  /// Goes on with a socket whose pause is over.
  mutating func retry(_ id: Int, _ turn: inout Turn<System>) {
    sockets[id]!.retryTimerFired()
    sockets[id]!.watch(.readable, &turn)
  }

  /// Closes all sockets.
  mutating func close(_ turn: inout Turn<System>) {
    for id in sockets.indices {
      sockets[id]?.remove(&turn)
      sockets[id] = nil
    }
  }
}
