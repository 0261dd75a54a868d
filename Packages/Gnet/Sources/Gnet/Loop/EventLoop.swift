internal import CGnet
internal import Disruptor
internal import Logging
internal import Poller
internal import Synchronization

/// An event loop of a server, as other threads see it.
public final class EventLoop: Sendable {
  /// The loop's place among `Server.loops`, counted from 0.
  public let index: Int

  /// The loop's counters, a consistent copy as of the end of its last turn. A tick on the loop sees all that was
  /// done before it.
  public var statistics: LoopStatistics {
    var copy = published.current
    copy.acceptErrors += foreignAcceptErrors.load(ordering: .relaxed)
    return copy
  }

  /// The counts that filters, handlers and plugins have added to, from any thread: a consistent copy.
  ///
  /// Counts that nobody has added to are missing. All counts only grow.
  public var counts: [LoopCounter: UInt64] { named.withLock { $0 } }

  /// Adds to a count of this loop, from any thread.
  ///
  /// For events that cost much more than this call, which takes a lock and looks the counter up. Bytes and requests are
  /// counted by ``statistics``.
  ///
  /// - Parameters:
  ///   - count: the number to be added.
  ///   - counter: the name of the count.
  public func add(_ count: UInt64 = 1, to counter: LoopCounter) {
    named.withLock { $0[counter, default: 0] &+= count }
  }

  /// The loop on whose thread the caller runs; `nil` on any other thread.
  ///
  /// Callbacks, filters, timers and jobs of a loop run on its thread.
  public static var current: EventLoop? {
    unsafe cgnet_current_loop().map { unsafe Unmanaged.fromOpaque($0).takeUnretainedValue() }
  }

  let mailbox = Mailbox(capacity: 1024)
  /// The system that the loop runs on, for calls that are too rare to be generic.
  package let system: any SystemCalls
  private let isOnKernel: Bool
  let logger: Logger?
  /// Ends the loop's wait, from any thread.
  let wake: @Sendable () -> Void
  private let published = Published(LoopStatistics())
  private let named = Lock<[LoopCounter: UInt64]>([:])
  let outboundHighWatermark: Int
  let readBufferCapacity: Int
  let spareRings = SpareRings(limit: EventLoop.spareRingsLimit)

  /// Attempts to accept for this loop that failed on another thread.
  private let foreignAcceptErrors = Atomic<UInt64>(0)
  private let connections = Atomic<Int>(0)
  private let isEnded = Atomic<Bool>(false)
  private let isDrainingAfterEnd = Atomic<Bool>(false)
  /// Whether the loop's own thread has posted a message since the loop last looked.
  private let hasOwnMail = Atomic<Bool>(false)
  private let hasBegunShutdown = Atomic<Bool>(false)
  // One access at a time: a check of that would cost a connect as much as the search for its address.
  @exclusivity(unchecked)
  private nonisolated(unsafe) var confinedState = Confined(State())

  /// The most storage that is kept for writes from other threads, as long as there are any.
  static let spareRingsLimit = 4 << 20

  init(
    index: Int, system: any SystemCalls, wake: @escaping @Sendable () -> Void, outboundHighWatermark: Int,
    readBufferCapacity: Int = 65536, logger: Logger? = nil
  ) {
    assert(index >= 0 && outboundHighWatermark >= 0 && readBufferCapacity > 0)
    self.index = index
    self.logger = logger
    self.system = system
    isOnKernel = system is Kernel
    self.wake = wake
    self.outboundHighWatermark = outboundHighWatermark
    self.readBufferCapacity = readBufferCapacity
  }

  /// Makes the loop's counters the ones that other threads see; by the loop's thread only.
  // Neither inlined nor borrowed, which would copy the counters first.
  @inline(never)
  func publish(_ counters: inout LoopStatistics) {
    assert(isCurrent)
    published.publish(&counters, prefix: LoopStatistics.wordCountOfTurn)
  }

  /// Makes a change of the counters that seldom change, and publishes all; by the loop's thread only.
  @inline(never)
  func count(in counters: inout LoopStatistics, _ change: (inout LoopStatistics) -> Void) {
    assert(isCurrent)
    change(&counters)
    published.publish(counters)
  }

  /// The state that only the loop's thread uses.
  var state: State {
    @inline(__always) _read { yield unsafe confinedState[on: self] }
    @inline(__always) _modify { yield unsafe &confinedState[on: self] }
  }

  /// The current time of the monotonic clock. A time-out may be set with every request, so the kernel is asked without
  /// dynamic dispatch.
  @inline(__always)
  var monotonicTime: Poller.Instant { isOnKernel ? Kernel.monotonicTime : system.now }

  /// Whether the caller runs on the loop's thread.
  var isCurrent: Bool { unsafe cgnet_current_loop() == identity }

  /// Whether the caller may use the state that is the loop's alone: it runs on the loop's thread, or drains the mailbox of
  /// the loop, which has ended.
  var admitsCaller: Bool { isCurrent || isDrainingAfterEnd.load(ordering: .relaxed) }

  /// Makes the calling thread the loop's.
  func becomeCurrent() { unsafe cgnet_set_current_loop(identity) }

  /// Drops the states of the loop. The calling thread is no loop's any more.
  func resignCurrent() {
    assert(isCurrent)
    // The end of a state may use other states.
    while !state.localStates.isEmpty { _ = state.localStates.removeAll() }
    cgnet_set_current_loop(nil)
  }

  private var identity: UnsafeMutableRawPointer { unsafe Unmanaged.passUnretained(self).toOpaque() }

  /// Posts a message and wakes the loop. After the loop has ended, the calling thread drains the mailbox instead.
  func post(_ message: consuming Message) {
    mailbox.post(message)
    // The loop's own thread is awake: it only has to look.
    if isCurrent { hasOwnMail.store(true, ordering: .relaxed) } else { wake() }
    // An exchange, not a load: either the loop's last look comes after it and sees the message, or it sees the end.
    let hasEnded = isEnded.logicalOr(false, ordering: .acquiringAndReleasing).oldValue
    if hasEnded { drainAfterEnd() }
  }

  /// Whether the loop's own thread has posted a message since the last call.
  @inline(__always)
  func takeOwnMail() -> Bool {
    guard hasOwnMail.load(ordering: .relaxed) else { return false }
    assert(isCurrent)
    hasOwnMail.store(false, ordering: .relaxed)
    return true
  }

  /// The stream connections dealt to this loop that have not ended.
  var connectionLoad: Int { connections.load(ordering: .relaxed) }
  func addConnection() { connections.add(1, ordering: .relaxed) }
  func removeConnection() {
    assert(connectionLoad > 0)
    connections.subtract(1, ordering: .relaxed)
  }

  /// Takes over the acceptor's count of failures.
  func countAcceptorErrors(_ count: inout UInt64) {
    if count > 0 { foreignAcceptErrors.add(count, ordering: .relaxed) }
    count = 0
  }

  // MARK: The end

  /// Whether the loop's thread has left the loop.
  var hasEnded: Bool { isEnded.load(ordering: .acquiring) }

  /// Whether the server has begun to shut down.
  var isShuttingDown: Bool { hasBegunShutdown.load(ordering: .relaxed) }

  func noteShutdown() { hasBegunShutdown.store(true, ordering: .relaxed) }

  /// Ends the loop: it serves nothing any more. May be called again.
  func markEnded() {
    _ = isEnded.exchange(true, ordering: .acquiringAndReleasing)
    drainAfterEnd()
  }

  /// Drains the mailbox after the end, on any thread, one at a time: jobs run, everything else is dropped, and
  /// descriptors with it.
  ///
  /// A thread that finds another draining leaves its message to the other thread. The other thread looks again after it
  /// has cleared the flag: both exchange the flag, and the second exchange sees the effects of the first.
  func drainAfterEnd() {
    assert(hasEnded)
    repeat {
      if isDrainingAfterEnd.exchange(true, ordering: .acquiringAndReleasing) { return }
      _ = mailbox.drain { message in
        switch consume message {
        case .job(let job): run(job)
        case .adopt(let connection):
          connection.adoption?.queue.markGone()
          removeConnection()
        case .dial(let dial): dial.end(.shutdown)
        case .calls: break
        case .timer: break
        }
      }
      _ = isDrainingAfterEnd.exchange(false, ordering: .acquiringAndReleasing)
    } while !mailbox.isEmpty
  }
}
