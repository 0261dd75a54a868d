internal import CLoad
internal import Histogram

/// Runs a plan on one thread: an edge-triggered epoll loop that allocates nothing once it runs.
///
/// Per reply it makes one recv(2), reads the clock once, compares the bytes, counts, and makes one send(2); epoll_wait(2)
/// is shared by all connections that are ready. Being edge-triggered, it spares the kernel the second look that
/// a level-triggered loop costs, so that it has less to do for a request than the server it loads.
public final class Engine {
  let plan: Plan
  let script: Script
  let epoll: Int32
  let connections: UnsafeMutablePointer<Connection>
  /// Behind a pointer: a property that is passed to another module is checked for exclusive access every time.
  let latencies: UnsafeMutablePointer<Histogram<UInt64>>
  var samples: [Sample] = []

  /// The times of the requests under way: a ring of `pipeline` times for every connection.
  let madeAt: UnsafeMutablePointer<Int64>
  let buffer: UnsafeMutablePointer<UInt8>
  let events: UnsafeMutablePointer<epoll_event>
  static let batch = 256
  /// The most datagrams, and the most bytes of them, that can be sent together.
  private static let (segmentLimit, segmentedLimit) = (64, 65487)

  /// The last time the clock was read.
  var now: Int64 = 0

  /// The time of the next step of measuring: the end of the warm-up, a slice, the run, the drain.
  var boundary: Int64 = 0
  var measuringEnd = Int64.max
  var drainEnd = Int64.max
  var timesBefore = Times()
  var timesAfter = Times()
  var isMeasuring = false
  var mayAsk = true
  var madeTotal = 0
  var completed = 0
  var lost = 0
  var unanswered = 0
  var underWay = 0
  var lastReply: Int64 = 0
  var nextSource: Int32 = 0
  /// Whether requests are made and not sent: more are to follow.
  var isHoldingBack = false
  /// The most bytes that one call sends.
  let sendLimit: Int

  /// Open pace: the number of the next request, and when the first was due.
  var due = 0
  var began: Int64 = 0
  var interval = 0.0

  /// Sets a run up; connects nothing yet.
  public init(_ plan: Plan) throws(LoadError) {
    try plan.validate()
    let limit = cload_raise_file_limit()
    if limit < Int64(plan.connections + 16) {
      throw LoadError("\(plan.connections) connections need more open files than the \(limit) allowed; see ulimit -n")
    }
    self.plan = plan
    script = try Script(plan.exchange, target: plan.target)
    let datagrams = plan.isSegmented ? min(Self.segmentLimit, Self.segmentedLimit / script.requestSize) : 1
    sendLimit = plan.target.isDatagram ? datagrams * script.requestSize : script.requests.reach
    epoll = cload_epoll()
    if epoll < 0 { throw LoadError("epoll_create1", epoll) }
    latencies = .allocate(capacity: 1)
    latencies.initialize(
      to: Histogram(highestTrackableValue: 600_000_000_000, numberOfSignificantValueDigits: .three))
    connections = .allocate(capacity: plan.connections)
    connections.initialize(repeating: Connection(), count: plan.connections)
    madeAt = .allocate(capacity: plan.connections * plan.pipeline)
    madeAt.initialize(repeating: 0, count: plan.connections * plan.pipeline)
    buffer = .allocate(capacity: Script.reach)
    events = .allocate(capacity: Self.batch)
    if case .open(let rate) = plan.pace { interval = 1e9 / rate }
    samples.reserveCapacity(Int(plan.duration * 10) + 16)
  }

  deinit {
    for index in 0..<plan.connections { connections[index].stream.close() }
    if epoll >= 0 { _ = cload_close(epoll) }
    latencies.deinitialize(count: 1)
    latencies.deallocate()
    connections.deallocate()
    madeAt.deallocate()
    buffer.deallocate()
    events.deallocate()
  }

  /// Connects, runs and closes; returns what was measured.
  public func run() throws(LoadError) -> Report {
    for index in 0..<plan.connections { try open(index) }
    now = cload_now()
    began = now
    lastReply = now
    boundary = now + Int64(plan.warmUp * 1e9)
    if plan.warmUp == 0 { try beginMeasuring() }
    try askFirst()
    while !isOver {
      if now >= boundary { try passBoundary() }
      try turn(until: nextDue ?? boundary)
    }
    if isMeasuring { try endMeasuring() }
    return makeReport()
  }

  /// Whether everything has been asked, and answered as far as it will be.
  private var isOver: Bool {
    if mayAsk, madeTotal != plan.requestLimit { return false }
    return underWay == 0 || now >= drainEnd
  }

  /// Waits, at most until the given time, and attends to what has happened.
  private func turn(until time: Int64) throws(LoadError) {
    let count = cload_wait(epoll, events, Int32(Self.batch), min(time, boundary) - now)
    if count < 0 { throw LoadError("epoll_wait", count) }
    for i in 0..<Int(count) {
      let index = Int(truncatingIfNeeded: events[i].data.u64)
      if connections[index].unsent > 0 { try flush(index) }
      if plan.target.isDatagram { try receiveDatagrams(index) } else { try receive(index) }
    }
    if count == 0 || interval > 0 { now = cload_now() }
    switch plan.pace {
    case .lockstep: if underWay == 0 { try askFirst() }
    case .open: try askWhatIsDue()
    case .closed, .reconnect: break
    }
  }
}
