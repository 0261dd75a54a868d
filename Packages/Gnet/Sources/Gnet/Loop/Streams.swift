internal import Poller
internal import RingBuffer
internal import SystemPackage

/// The stream connections of a loop: moves their bytes and calls their handlers.
///
/// `Streams+Connecting.swift` has the way of outbound connections to `opened`, `Streams+Establishing.swift` the
/// handshakes of filters before `opened`, `Streams+Input.swift` the way in, `Streams+Output.swift` the way out,
/// `Streams+Filters.swift` both ways through filters, `Streams+Ending.swift` the ends, `Streams+Lingering.swift`
/// lingering after an end, `Streams+Deadlines.swift` the deadlines, `Streams+Handles.swift` the calls of other threads.
/// ``StreamLife`` decides on the next step.
struct Streams<System: LoopSystem>: ~Copyable {
  let loop: EventLoop
  /// The connections. Pinned, because a handle reaches another connection of the loop while a callback runs.
  let connections: Pinned<ConnectionTable>

  /// The receive buffer, lent to each connection in turn for the length of `react`. Empty between callbacks.
  var input: RingBuffer
  /// The send buffer, lent likewise. Empty between callbacks.
  let output: Pinned<RingBuffer>
  /// The output that a callback has gathered for another connection. Empty between callbacks.
  let forwarded: Pinned<RingBuffer>

  /// The handlers of the services that the loop's connections have.
  private var tables: HandlerTables
  private let plugins: PluginHooks
  /// Whether anything is to be called before bytes are sent.
  private(set) var hasPreWriteHooks: Bool
  /// The handlers of each listener, by the index of its address.
  private var ofListeners: [HandlerTable] = []
  /// The filters of each listener's connections; empty where no listener has any.
  private(set) var filtersOfListeners: [[ConnectionFilter.Factory]] = []

  /// The queued calls of a handle that are being applied now.
  var callsInProgress = HandleQueue.Pending()
  /// Whether the times at which bytes move are kept.
  let tracksActivity: Bool
  /// Whether the connections have been asked how to end.
  var isShuttingDown = false
  /// The outbound connections that are being established.
  var dials: [Dial] = []
  /// The connections that are closed but for the descriptor.
  var lingering: LingeringQueue

  init(_ loop: EventLoop, _ options: Options, _ plugins: PluginHooks, lingeringLimit: Int) {
    self.loop = loop
    lingering = LingeringQueue(limit: lingeringLimit)
    self.plugins = plugins
    hasPreWriteHooks = plugins.exist
    tables = HandlerTables(loop)
    // All keep their size, since the storage of one may become that of another.
    input = RingBuffer(minimumCapacity: options.readBufferCapacity)
    output = Pinned(RingBuffer(minimumCapacity: options.readBufferCapacity))
    forwarded = Pinned(RingBuffer(minimumCapacity: options.readBufferCapacity))
    connections = Pinned(ConnectionTable(loop: loop, lentOutput: output, forwarded: forwarded))
    tracksActivity = options.idleTimeout != nil || options.readTimeout != nil
    assert(input.capacity >= options.readBufferCapacity && input.capacity == output.pointee.capacity)
  }

  deinit {
    connections.destroy()
    output.destroy()
    forwarded.destroy()
  }

  /// Makes the handlers of the listeners' services; on the loop's thread, before the first connection.
  mutating func prepare(_ listeners: [Listener]) -> [HandlerTable] {
    assert(ofListeners.isEmpty && isEmpty)
    for listener in listeners { ofListeners.append(table(of: listener.service)) }
    // The start of the server would have failed with a filter that cannot be made.
    let filters = listeners.map { (try? $0.filters()) ?? [] }
    if filters.contains(where: { !$0.isEmpty }) { filtersOfListeners = filters }
    assert(filtersOfListeners.isEmpty || filtersOfListeners.count == ofListeners.count)
    return ofListeners
  }

  /// The handlers of a service.
  mutating func table(of service: Service) -> HandlerTable {
    let table = tables.table(of: service)
    hasPreWriteHooks = plugins.exist || tables.havePreWrite
    return table
  }

  /// The handler of a connection from where it comes.
  mutating func start(_ source: consuming HandlerSource) -> HandlerStart {
    switch consume source {
    case .service(let service): .table(table(of: service))
    case .value(let handler): .value(handler.take())
    }
  }

  /// The handlers of a listener's service.
  func handlers(ofListener addressIndex: Int) -> HandlerStart { .table(ofListeners[addressIndex]) }

  /// Whether no connection is left, lingering ones included.
  var isEmpty: Bool { connections.pointee.count == 0 }

  /// Whether the lent buffers are empty, as they are between callbacks.
  var areBuffersEmpty: Bool {
    input.isEmpty && output.pointee.isEmpty && forwarded.pointee.isEmpty && connections.pointee.forwardedTo == nil
  }

  /// Whether all open connections are counted, and have slots beside those that linger.
  func slotsMatch(_ counters: LoopStatistics) -> Bool {
    counters.connectionsOpened - counters.connectionsClosed == counters.connectionsActive
      && Int(counters.connectionsActive) + lingering.count <= connections.pointee.count
  }

  // MARK: Calls

  /// Calls a connection's handler.
  @inline(__always)
  func call(_ slot: ConnectionSlot, _ body: (inout Connection) -> Action) -> Action {
    assert(!slot.pointee.isInCallback)
    slot.pointee.isInCallback = true
    var view = Connection(slot)
    let action = body(&view)
    assert(slot.pointee.isInCallback && input.isEmpty)
    slot.pointee.isInCallback = false
    return action
  }

  /// Calls `preWrite` of the observers before bytes are sent.
  @inline(__always)
  func callPreWrite(_ slot: ConnectionSlot, _ byteCount: Int) {
    guard hasPreWriteHooks else { return }
    assert(slot.pointee.life.phase != .ended && !slot.pointee.isInCallback)
    slot.pointee.isInCallback = true
    var view = Connection(slot)
    if plugins.exist { plugins.preWrite(&view, byteCount) }
    if tables.havePreWrite { slot.pointee.handler?.preWrite(&view, byteCount) }
    slot.pointee.isInCallback = false
  }

  // MARK: Steps

  /// Tells a connection's life of an event, and does what is to be done next.
  mutating func take(_ event: StreamLife.Event, _ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    assert(areBuffersEmpty && !slot.pointee.isInCallback)
    let pending = slot.pointee.pending(turn.options)
    switch slot.pointee.life.step(event, pending: pending) {
    case .none: break
    case .watch(var interest, let again):
      if slot.pointee.life.phase == .filtered {
        interest = filteredInterest(slot, interest, &turn)
      } else if slot.pointee.life.isOnlyPaused && turn.options.readTimeout == nil {
        // The selector is told of a pause when something arrives: the pause may be over before.
        interest.formUnion(slot.pointee.interest.intersection(.readable))
      }
      if again { connections.pointee.enqueue(slot) }
      if interest != slot.pointee.interest { watch(slot, interest, &turn) }
    case .readRest: readRest(slot, &turn)
    case .react: react(slot, &turn)
    case .drained: drained(slot, &turn)
    case .settle: flush(slot, &turn)
    case .endOutput: endOutput(slot, &turn)
    case .breakOutput:
      breakOutput(slot, slot.pointee.failure ?? (pending == .none ? nil : .brokenPipe))
      settle(slot, .none, &turn)
    case .close:
      // Without an error, the output was given up after all of it had been taken: the peer may not have it yet.
      let lingers = !slot.pointee.life.flags.contains(.outputBroken) || slot.pointee.failure == nil
      close(slot, slot.pointee.failure, lingers: lingers, &turn)
    case .abort: abort(slot, &turn)
    case .detach: detach(slot, &turn)
    case .free: free(slot, &turn)
    }
  }

  /// Changes the interest of a connection; if that fails, the connection ends.
  mutating func watch(_ slot: ConnectionSlot, _ interest: Poller.Interest, _ turn: inout Turn<System>) {
    assert(slot.pointee.life.isOpen || slot.pointee.life.phase == .lingering)
    let readsAgain = interest.contains(.readable) && !slot.pointee.interest.contains(.readable)
    slot.pointee.interest = interest
    if tracksActivity && readsAgain && slot.pointee.life.isOpen { restartReadTimeout(slot, &turn) }
    let (watched, trigger) =
      interest.isEmpty ? Self.endOnly(slot.pointee.life, turn.selector.backend) : (interest, .level)
    do throws(Errno) {
      try turn.selector.modify(slot.pointee.fd, .connection(slot.pointee.token), watched, trigger)
    } catch {
      if slot.pointee.life.isOpen { fail(slot, error, &turn) } else { free(slot, &turn) }
    }
  }

  /// The interest in a reset or the loss of the peer only, for a connection that wants neither direction. Reported
  /// once, since the connection may go on. epoll does so unasked.
  ///
  /// kqueue needs a filter, whose other reports are ignored: a writable socket, once, or the arrival of bytes. The
  /// filter for writing reports the end of the own output as the end of the connection, and the filter for reading that
  /// of the peer's output, which with the own output ended is the end of the connection.
  private static func endOnly(
    _ life: StreamLife, _ backend: Poller.Backend
  ) -> (Poller.Interest, Poller.Trigger) {
    guard backend == .kqueue else { return ([], .edge) }
    return (life.flags.contains(.outputEnded) ? .readable : .writable, .edge)
  }

  /// Serves the connections of the run queue. One round: a connection that is queued again waits for the next turn.
  mutating func runQueued(_ turn: inout Turn<System>) {
    assert(areBuffersEmpty && callsInProgress.isEmpty)
    let round = connections.pointee.takeQueue()
    for token in round {
      guard let slot = connections.pointee.find(token), slot.pointee.life.isOpen else { continue }
      assert(slot.pointee.isQueued)
      slot.pointee.isQueued = false
      take(.queued, slot, &turn)
      if slot.pointee.life.phase == .filtered { endFilteredInput(token, &turn) }
    }
    assert(areBuffersEmpty)
    connections.pointee.recycleQueue(round)
  }

  // MARK: Requests of a handler

  /// Carries out the requests of a callback other than output and endings.
  @inline(__always)
  mutating func applyRequests(_ slot: ConnectionSlot, _ turn: inout Turn<System>) {
    assert(slot.pointee.life.isOpen && !slot.pointee.isInCallback)
    slot.pointee.life.flags.remove(.hasRequests)
    if connections.pointee.forwardedTo != nil { flushForwarded(&turn) }
    if tracksActivity || slot.pointee.timeout != .never || slot.pointee.timer != nil { armTimer(slot, &turn) }
    assert(connections.pointee.forwardedTo == nil)
    assert(slot.pointee.timeout == .never || slot.pointee.timer != nil, "a time-out has no timer")
  }
}
