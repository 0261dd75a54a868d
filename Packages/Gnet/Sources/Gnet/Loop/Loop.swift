internal import Poller
internal import RingBuffer
internal import SystemPackage

/// The event loop: waits for readiness, and has its parts move bytes and call the handlers.
///
/// Its parts are values: the turn, which all share, and listeners, streams and datagrams, which do not know each other.
/// The loop knows whose an event is, and the order of a turn: deadlines, the run queue, the shutdown, the wait with
/// its events, the messages. It touches no slot, no buffer and no socket.
struct Loop<System: LoopSystem>: ~Copyable, LoopRunner {
  let loop: EventLoop
  var turn: Turn<System>
  var listeners: Listeners<System>
  var streams: Streams<System>
  var datagrams: Datagrams<System>
  /// The callbacks to be called again and again; they return the delay until the next call, or `nil` for no more.
  var ticks: [() -> Duration?]
  /// The addresses with their services, in their order.
  private let listening: [Listener]
  /// Whether the mailbox is to be looked at: the sender of a message has woken the loop.
  private var hasMail = false

  /// Makes a loop that listens on some sockets and exchanges datagrams by others.
  ///
  /// - Throws: the error of the selector that refuses to watch a socket.
  init(
    _ loop: EventLoop, _ system: System, _ selector: System.Selector, server: Server, plan: ServerPlan,
    sockets: [BoundSocket]
  ) throws(Errno) {
    let options = plan.options
    self.loop = loop
    listening = plan.listeners
    turn = Turn(system, selector, server: server, options: options)
    listeners = Listeners(dealingBy: LoadBalancer(options.loadBalancing, over: [loop]))
    let plugins = PluginHooks(plan.plugins)
    // Of the descriptors, three quarters are for others.
    streams = Streams(
      loop, options, plugins, lingeringLimit: max(1, system.descriptorLimit / 4 / server.loopCount))
    datagrams = Datagrams(loop, plugins)
    ticks = plan.ticks(of: loop, server)
    for socket in sockets {
      if socket.isDatagram { try datagrams.add(socket, &turn) } else { try listeners.add(socket, &turn) }
    }
  }

  mutating func start() {
    assert(streams.isEmpty && !loop.hasEnded)
    loop.becomeCurrent()
    loop.state.connections = streams.connections
    turn.refresh()
    datagrams.prepare(streams.prepare(listening))
    for index in ticks.indices { _ = turn.setTimer(.tick(index), after: .zero) }
  }

  mutating func runOnce() -> Bool {
    assert(loop.isCurrent && !turn.isWaiting && streams.areBuffersEmpty)
    if turn.timers.next <= turn.now { fireTimers() }
    if loop.takeOwnMail() { applyMessages() }
    if streams.connections.pointee.hasQueued { streams.runQueued(&turn) }
    if datagrams.hasWakes { datagrams.serveWakes(&turn) }
    if turn.server.isShuttingDown && !turn.server.isAccepting {
      if !turn.isDraining { beginShutdown() }
      if hasDrained { return false }
    }
    // Posted since, by a callback of the run queue or of the shutdown.
    if loop.takeOwnMail() { hasMail = true }
    loop.publish(&turn.counters)
    do throws(Errno) {
      try wait()
    } catch {
      // Nothing can be served any more, and `serve` says why.
      turn.server.shutdown(waitingFailedWith: error)
      if !turn.isDraining { beginShutdown() }
      endAll(with: error)
      return false
    }
    if hasMail { applyMessages() }
    return true
  }

  mutating func end() {
    assert(turn.isDraining && streams.isEmpty && listeners.isClosed)
    datagrams.close(&turn)
    loop.state.connections = nil
    loop.publish(&turn.counters)
    loop.markEnded()
    loop.resignCurrent()
    assert(turn.counters.connectionsActive == 0 && turn.counters.pendingOutputBytes == 0)
  }

  consuming func destroy() {}

  // MARK: A turn

  @inline(__always)
  private mutating func wait() throws(Errno) {
    assert(streams.areBuffersEmpty)
    turn.beginWait()
    let isBusy = streams.connections.pointee.hasQueued || datagrams.hasWakes || hasMail
    let (selector, now) = (turn.selector, turn.now)
    let error = selector.wait(until: isBusy ? now : turn.timers.next, now: now) { event in
      turn.endWait()
      serve(event)
    }
    if let error { throw error }
    turn.endWait()
  }

  @inline(__always)
  private mutating func serve(_ event: Poller.Event) {
    assert(!turn.isWaiting && streams.areBuffersEmpty)
    if event.isWake {
      turn.counters.wakeups &+= 1
      hasMail = true
      return
    }
    switch LoopToken(event.token) {
    case .connection(let token): streams.serve(token, event, &turn)
    case .listener(let id): accept(from: id)
    case .datagrams(let id): datagrams.serve(id, event, &turn)
    }
  }

  private mutating func accept(from id: Int) { accept(from: id, limit: Listeners<System>.batchSize) }

  /// Accepts the connections that wait at a socket which is about to be closed.
  mutating func acceptAll(from id: Int) { accept(from: id, limit: Listeners<System>.finalBatchSize) }

  private mutating func accept(from id: Int, limit: Int) {
    for _ in 0..<limit {
      guard let dealt = listeners.accept(from: id, &turn) else { return }
      // A loop accepts for itself only: for others there is the acceptor.
      assert(dealt.loop === loop)
      streams.adopt(dealt.connection, &turn)
    }
  }

  /// Applies the messages of other threads.
  private mutating func applyMessages() {
    assert(loop.isCurrent)
    let count = loop.mailbox.drain { message in
      switch consume message {
      case .adopt(let connection): streams.adopt(connection, &turn)
      case .dial(let dial): streams.establish(dial, &turn)
      case .calls(let queue): apply(queue)
      case .timer(let timer): update(timer)
      case .job(let job): loop.run(job)
      }
      assert(streams.areBuffersEmpty)
    }
    turn.counters.mailboxMessages &+= UInt64(count)
    turn.counters.mailboxDepthMax = max(turn.counters.mailboxDepthMax, UInt64(count))
    hasMail = !loop.mailbox.isEmpty
  }

  private mutating func apply(_ queue: HandleQueue) {
    switch queue.target {
    case .connection, .outbound: streams.apply(queue, &turn)
    case .datagrams(let peer, let local, let addressIndex): datagrams.apply(queue, peer, local, addressIndex, &turn)
    }
  }

  // MARK: Shutting down

  /// Begins the shutdown: takes in the connections that wait to be accepted, closes the listeners, offers what has
  /// arrived, and asks every connection how to end. Handles are served until the end.
  private mutating func beginShutdown() {
    assert(turn.server.isShuttingDown && !turn.isDraining)
    turn.beginDraining()
    for id in listeners.ids { acceptAll(from: id) }
    listeners.close(&turn)
    applyMessages()
    ticks = []
    datagrams.beginShutdown(&turn)
    streams.beginShutdown(&turn)
    assert(turn.isDraining && streams.isShuttingDown && listeners.isClosed)
  }

  /// Whether a shutdown has nothing to wait for any more.
  private var hasDrained: Bool { streams.isEmpty && datagrams.hasDrained && !hasMail }

  /// Ends every connection at once; connections with output that was not sent learn of `error`. Datagrams are dropped.
  mutating func endAll(with error: Errno) {
    assert(turn.isDraining)
    datagrams.removeAll(&turn)
    streams.closeAll(with: error, &turn)
    assert(streams.isEmpty && datagrams.hasDrained)
  }
}
