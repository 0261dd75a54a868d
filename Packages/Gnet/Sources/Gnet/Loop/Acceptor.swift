internal import Poller
internal import SystemPackage

/// The thread that accepts connections for all loops: a turn and listeners, without connections of its own.
struct Acceptor<System: LoopSystem>: ~Copyable, LoopRunner {
  private var turn: Turn<System>
  private var listeners: Listeners<System>

  /// Watches listening sockets.
  ///
  /// - Throws: the error of the selector that refuses to watch one.
  init(
    _ system: System, _ selector: System.Selector, server: Server, options: Options, listening sockets: [BoundSocket]
  ) throws(Errno) {
    assert(sockets.allSatisfy { !$0.isDatagram })
    turn = Turn(system, selector, server: server, options: options)
    listeners = Listeners(dealingBy: LoadBalancer(options.loadBalancing, over: server.loops))
    for socket in sockets { try listeners.add(socket, &turn) }
  }

  mutating func start() { turn.refresh() }

  mutating func runOnce() -> Bool {
    assert(turn.server.isAccepting && !turn.isDraining)
    while let deadline = turn.timers.expire(until: turn.now) { fire(deadline) }
    if turn.server.isShuttingDown { return false }
    do throws(Errno) {
      try wait()
    } catch {
      turn.server.shutdown(waitingFailedWith: error)
      return false
    }
    return true
  }

  mutating func end() {
    assert(turn.server.isShuttingDown && turn.server.isAccepting)
    for id in listeners.ids { accept(from: id, limit: Listeners<System>.finalBatchSize) }
    listeners.close(&turn)
    turn.server.noteAcceptorEnded()
    assert(listeners.isClosed && !turn.server.isAccepting)
  }

  consuming func destroy() {}

  // The parts assert what they expect.
  var violations: [String] { turn.isDraining ? ["an acceptor drains"] : [] }

  private mutating func wait() throws(Errno) {
    turn.beginWait()
    let (selector, deadline, now) = (turn.selector, turn.timers.next, turn.now)
    let error = selector.wait(until: deadline, now: now) { event in
      turn.endWait()
      if !event.isWake { serve(event) }
    }
    if let error { throw error }
    turn.endWait()
  }

  private mutating func serve(_ event: Poller.Event) {
    guard case .listener(let id) = LoopToken(event.token) else {
      preconditionFailure("an acceptor got an event of \(event)")
    }
    accept(from: id, limit: Listeners<System>.batchSize)
  }

  private mutating func accept(from id: Int, limit: Int) {
    for _ in 0..<limit {
      guard let dealt = listeners.accept(from: id, &turn) else { break }
      assert(turn.server.loops[dealt.loop.index] === dealt.loop)
      dealt.loop.post(.adopt(dealt.connection))
    }
    turn.server.loops[0].countAcceptorErrors(&turn.counters.acceptErrors)
    assert(turn.counters.acceptErrors == 0)
  }

  private mutating func fire(_ deadline: Deadline) {
    switch deadline {
    case .listener(let id): listeners.retry(id, &turn)
    case .file(let id):
      guard listeners.hasLostFile(id, &turn) else { return }
      accept(from: id, limit: Listeners<System>.finalBatchSize)
      listeners.bindAgain(id, &turn)
    default: preconditionFailure("an acceptor got the deadline \(deadline)")
    }
  }
}
