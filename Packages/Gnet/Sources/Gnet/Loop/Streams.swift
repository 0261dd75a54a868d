internal import Logging
internal import Poller
internal import RingBuffer
internal import SystemPackage

/// The stream connections of a loop: moves their bytes and calls their handlers.
///
/// `Streams+Input.swift` has the way in, `Streams+Output.swift` the way out, `Streams+Ending.swift` the ends,
/// `Streams+Handles.swift` the calls of other threads. What is to be done when is for ``StreamLife`` to say.
struct Streams<System: LoopSystem>: ~Copyable {
  let loop: EventLoop
  let handlers: Handlers
  var connections: ConnectionTable

  /// The receive buffer, lent to each connection in turn for the length of `react`. Empty between callbacks.
  var input: RingBuffer
  /// The send buffer, lent likewise. Empty between callbacks.
  let output: Pinned<RingBuffer>

  /// The connections that are to be called without input, or whose rest is to be read after sending has failed.
  private var queue: [ConnectionToken] = []
  /// The queued calls of a handle that are being applied now.
  var callsInProgress = HandleQueue.Pending()
  /// Whether the times at which bytes move are kept.
  let tracksActivity: Bool

  init(_ loop: EventLoop, _ handlers: Handlers, _ options: Options) {
    self.loop = loop
    self.handlers = handlers
    // Both keep their size, since the storage of one may become that of the other.
    input = RingBuffer(minimumCapacity: options.readBufferCapacity)
    output = Pinned(RingBuffer(minimumCapacity: options.readBufferCapacity))
    connections = ConnectionTable(loop: loop, lentOutput: output)
    tracksActivity = options.idleTimeout != nil
  }

  deinit { output.destroy() }

  /// Whether no connection is left, lingering ones included.
  var isEmpty: Bool { connections.count == 0 }

  // MARK: The beginning of a connection

  /// Makes an accepted connection one of this loop's.
  mutating func adopt(_ connection: consuming AcceptedSocket, _ turn: inout Turn<System>) {
    if turn.isDraining { return loop.removeConnection() }
    let slot = connections.allocate()
    slot.pointee.addressIndex = connection.addressIndex
    slot.pointee.remote = connection.remote
    slot.pointee.isTCP = connection.remote.family != .unix
    do throws(Errno) {
      try turn.selector.add(connection.socket.fd, .connection(slot.pointee.token), .readable)
    } catch {
      turn.options.logger?.error("cannot watch a connection from \(connection.remote): \(error)")
      connections.release(slot)
      return loop.removeConnection()
    }
    slot.pointee.fd = connection.takeDescriptor()
    slot.pointee.interest = .readable
    open(slot, &turn)
  }

  private mutating func open(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    assert(slot.pointee.life.phase == .establishing && slot.pointee.fd >= 0)
    slot.pointee.life.phase = .open
    turn.counters.accepts &+= 1
    turn.counters.connectionsOpened &+= 1
    turn.counters.connectionsActive &+= 1
    if let timeout = turn.options.idleTimeout {
      slot.pointee.lastActivity = turn.now
      slot.pointee.timer = turn.setTimer(.connection(slot.pointee.token), after: timeout)
    }
    var view = Connection(slot)
    let action = handlers.opened?(&view)
    settle(slot, action ?? Action.none, &turn)
  }

  // MARK: Steps

  /// Tells a connection's life of an event, and does what is to be done next.
  mutating func take(_ event: StreamLife.Event, _ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    let pending = slot.pointee.pending(turn.options)
    switch slot.pointee.life.step(event, pending: pending) {
    case .none: break
    case .watch(let interest, let again):
      if again { enqueue(slot) }
      if interest != slot.pointee.interest { watch(slot, interest, &turn) }
    case .readRest: readRest(slot, &turn)
    case .react: react(slot, &turn)
    case .settle: settle(slot, .none, &turn)
    case .breakOutput:
      let hadOutput = pending != .none
      breakOutput(slot, slot.pointee.failure ?? (hadOutput ? .brokenPipe : nil))
      settle(slot, .none, &turn)
    case .close: close(slot, slot.pointee.failure, &turn)
    case .detach: detach(slot, &turn)
    case .free: free(slot, &turn)
    }
  }

  /// Changes what a connection is watched for; if that fails, the connection ends.
  mutating func watch(_ slot: ConnectionSlot, _ interest: Poller.Interest, _ turn: inout Turn<System>) {
    slot.pointee.interest = interest
    let (watched, trigger) = interest.isEmpty ? Self.endOnly : (interest, .level)
    do throws(Errno) {
      try turn.selector.modify(slot.pointee.fd, .connection(slot.pointee.token), watched, trigger)
    } catch {
      if slot.pointee.life.phase == .open { close(slot, error, &turn) } else { free(slot, &turn) }
    }
  }

  /// The interest that tells of a reset, or of a peer that is gone, where neither direction is wanted. epoll does so
  /// unasked; kqueue has it from the filter for writing, which as an edge also reports, once and for nothing, that the
  /// socket is writable.
  private static var endOnly: (Poller.Interest, Poller.Trigger) {
    Poller.backend == .kqueue ? (.writable, .edge) : ([], .level)
  }

  // MARK: The run queue

  /// Whether the run queue has connections.
  var hasQueued: Bool { !queue.isEmpty }

  /// Puts a connection in the run queue, once.
  mutating func enqueue(_ slot: ConnectionSlot) {
    if slot.pointee.isQueued { return }
    slot.pointee.isQueued = true
    queue.append(slot.pointee.token)
  }

  /// Serves the connections of the run queue. One round: those that ask again wait for the next turn.
  mutating func runQueued(_ turn: inout Turn<System>) {
    var round: [ConnectionToken] = []
    swap(&round, &queue)
    for token in round {
      guard let slot = connections.find(token), slot.pointee.life.phase == .open else { continue }
      assert(slot.pointee.isQueued)
      slot.pointee.isQueued = false
      take(.queued, slot, &turn)
    }
  }
}
