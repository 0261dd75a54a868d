internal import CGnet
internal import Logging
internal import Poller
internal import RingBuffer
internal import SystemPackage

/// What runs on a loop's thread: waits for readiness, moves bytes, calls back.
///
/// The thread that accepts for all loops is a reactor too, one without connections of its own.
///
/// Confined to one thread at a time, hence the unchecked sendability: `serve` builds it on the caller's thread,
/// then only its own thread uses it, until that thread has been joined.
final class Reactor: @unchecked Sendable {
  let loop: EventLoop
  let events: Events
  /// `Events.react`; without one, bytes are dropped.
  let react: @Sendable (inout Connection, inout RingBuffer) -> Action
  let options: Options
  let poller: Poller
  let threadName: String
  private(set) var server: Server!
  var balancer: LoadBalancer
  /// The sockets that connections and datagrams come in by; their tokens are their places here.
  var sources: [Source] = []
  let connections: Reference<ConnectionTable>

  /// The receive buffer, lent to each connection in turn for the length of `react`.
  let input: Reference<RingBuffer>
  /// The send buffer, lent likewise. Empty between callbacks, as `input` is.
  let output: Reference<RingBuffer>
  /// Room for a batch of datagrams; made when the first datagram socket is assigned.
  var datagramRoom: DatagramRoom?

  var counters = LoopStatistics()
  /// The time of this turn.
  var now = MonotonicTime.now
  /// Whether the loop waits and no event has come yet.
  private var isAsleep = false
  /// When `fireTimers()` has something to do next, or earlier.
  var nextTimer = MonotonicTime.never
  /// Connections that want a `react` without input, or whose rest is to be read after sending has failed.
  var due: [UInt64] = []
  /// Whether there are any; also for peers of datagrams.
  var isAnythingDue = false
  /// Whether the mailbox is to be looked at: whoever has put something in has woken the loop.
  var hasMail = false
  /// What is left of the calls of other threads that are being carried out.
  var unobeyed = RemoteControl.Pending()
  /// When spare rings that have not been needed are given up.
  var spareRingsExpiry = MonotonicTime.never
  var tickers: [Ticker] = []
  /// Connections by the time when they have been idle for too long.
  var idle: TimerWheel?
  /// Closed connections by the time when their descriptor is given up.
  var lingering: TimerWheel
  /// When what is still pending is given up; set once the server shuts down.
  var drainDeadline: MonotonicTime?
  /// What is to be called before bytes are sent, if there is anything.
  let preWrite: @Sendable (inout Connection, Int) -> Void
  let hasPreWriteHooks: Bool
  /// Whether the times at which bytes move are kept.
  let tracksActivity: Bool

  /// A reactor that serves connections and datagrams.
  convenience init(index: Int, events: Events, options: Options) throws(Errno) {
    try self.init(index: index, name: "gnet-loop-\(index)", events: events, options: options)
  }

  /// A reactor that accepts for others.
  convenience init(acceptingWith options: Options) throws(Errno) {
    try self.init(index: -1, name: "gnet-acceptor", events: Events(), options: options)
  }

  private init(index: Int, name: String, events: Events, options: Options) throws(Errno) {
    self.events = events
    if let handler = events.react {
      react = handler
    } else {
      react = { _, bytes in
        bytes.removeAll()
        return .none
      }
    }
    self.options = options
    threadName = name
    preWrite = events.allPreWriteHooks
    hasPreWriteHooks = events.preWrite != nil || !events.plugins.isEmpty
    poller = try Poller()
    loop = EventLoop(index: index, waker: poller.waker, outboundHighWatermark: options.outboundHighWatermark)
    balancer = LoadBalancer(options.loadBalancing, over: [loop])
    // Both keep their size, since the storage of one may become that of the other.
    input = Reference(placing: RingBuffer(minimumCapacity: options.readBufferCapacity))
    output = Reference(placing: RingBuffer(minimumCapacity: options.readBufferCapacity))
    connections = Reference(placing: ConnectionTable(loop: loop, lentOutput: output))
    tracksActivity = options.idleTimeout != nil
    idle = options.idleTimeout.map { TimerWheel(length: $0, now: .now) }
    lingering = TimerWheel(length: Self.lingerTimeout, now: .now)
  }

  deinit {
    connections.destroy()
    input.destroy()
    output.destroy()
  }

  /// Gives the reactor a socket to take connections or datagrams from.
  func assign(_ socket: BoundSocket) throws(Errno) {
    let source = Source(socket, loop: loop, output: output, limit: options.outboundHighWatermark)
    if socket.isDatagram, datagramRoom == nil { datagramRoom = DatagramRoom() }
    try poller.add(
      FileDescriptor(rawValue: socket.fd), token: Poller.Token(rawValue: UInt64(sources.count)), interest: .readable)
    sources.append(source)
  }

  /// Makes the reactor part of a server. One without connections of its own deals them to all loops.
  func join(_ server: Server) {
    self.server = server
    balancer = LoadBalancer(options.loadBalancing, over: loop.index < 0 ? server.loops : [loop])
  }

  // MARK: The loop

  /// Runs until the server has shut down and all connections have ended.
  func run() {
    #if DEBUG
      FaultPlan.install(options.faults)
    #endif
    loop.becomeCurrent()
    now = .now
    startTickers()
    while true {
      if nextTimer <= now {
        // So that a tick sees all that its loop has done before.
        loop.published.publish(counters)
        fireTimers()
      }
      if isAnythingDue { serveDue() }
      if server.isShuttingDown {
        if drainDeadline == nil { beginShutdown() }
        if hasDrained { break }
      }
      loop.published.publish(counters)
      do throws(Errno) {
        fallAsleep()
        try poller.wait(until: timeToWakeUp.nanoseconds, now: now.nanoseconds) { event in
          if isAsleep { wakeUp() }
          handle(event)
        }
      } catch {
        // The kernel refuses to wait: nothing can be served any more, and `serve` says why.
        server.shutdown(throwing: .system(operation: "waiting for events", address: nil, error))
        beginShutdown()
        endAll(with: error)
        break
      }
      if isAsleep { wakeUp() }
      if hasMail { serveMailbox() }
    }
    loop.published.publish(counters)
    loop.markEnded()
  }

  private func fallAsleep() {
    let time = MonotonicTime.now
    counters.busyNanoseconds &+= UInt64(time.nanoseconds &- now.nanoseconds)
    counters.polls &+= 1
    now = time
    isAsleep = true
  }

  /// Starts a turn, before its first event is handled.
  private func wakeUp() {
    let time = MonotonicTime.now
    counters.waitingNanoseconds &+= UInt64(time.nanoseconds &- now.nanoseconds)
    now = time
    isAsleep = false
  }

  @inline(__always)
  private func handle(_ event: Poller.Event) {
    let token = event.token.rawValue
    if event.isWake {
      counters.wakeups &+= 1
      hasMail = true
    } else if token <= UInt64(UInt32.max) {
      // A shutdown may have dropped the sources while events were on their way.
      if token < sources.count { serve(sources[Int(token)], event) }
    } else if let slot = connections.pointee.find(token: token) {
      serve(slot, event)
    }
  }
}
