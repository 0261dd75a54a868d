internal import Poller
internal import SystemPackage

/// An outbound connection that is being established: the wishes of the caller, and the stage that the loop has reached.
///
/// Its handle refers to it until it is over: established, failed or taken back.
final class Dial: Sendable {
  enum Stage {
    /// The loop has not seen the dial yet.
    case posted
    /// The host is being looked up.
    case resolving(Lookup)
    /// Sockets are connecting.
    case connecting
    /// A socket is connected, and its filter is being established.
    case filtering
    /// Established, failed or taken back.
    case over
  }

  /// The address as given.
  let address: String
  /// The address to connect to, or what is wrong with it.
  let target: Result<ConnectTarget, ConnectError>
  let options: ConnectOptions
  let queue: HandleQueue
  /// The end of the time limit.
  let deadline: Poller.Instant
  /// The answer of the lookup, from the resolver's thread.
  let found = Lock<Lookup.Outcome?>(nil)
  private nonisolated(unsafe) var confinedProgress: Confined<Progress>

  /// The state of a dial, which is its loop's.
  struct Progress: ~Copyable {
    fileprivate var handlers: HandlerSource?
    fileprivate var onFailure: (@Sendable (ConnectError) -> Void)?
    var stage = Stage.posted
    /// The address to connect from.
    var local: SocketAddress?
    /// The addresses to try.
    var race = AddressRace([])
    /// The time to try the next address; `never` when there is none.
    var nextAttempt = Poller.Instant.never
    /// The time between attempts to connect to a unix socket whose queue is full.
    var retryDelay = Duration.milliseconds(1)
    /// The connections of the sockets that are connecting: the last one, and those before it.
    var latest: ConnectionToken?
    private var earlier: [ConnectionToken] = []
    /// The failure of the address that was tried last.
    var failure: ConnectError?
    var timer: Timers<Deadline>.ID?
    /// The place among the loop's dials.
    var index = -1

    fileprivate init(_ handlers: consuming HandlerSource, _ onFailure: (@Sendable (ConnectError) -> Void)?) {
      self.handlers = .some(handlers)
      self.onFailure = onFailure
    }

    /// The connections of all sockets that are connecting.
    var attempts: [ConnectionToken] {
      assert(latest != nil || earlier.isEmpty)
      return latest.map { earlier + [$0] } ?? earlier
    }

    mutating func addAttempt(_ token: ConnectionToken) {
      if let latest { earlier.append(latest) }
      latest = token
    }

    mutating func removeAttempt(_ token: ConnectionToken) {
      if latest == token { latest = earlier.popLast() } else { earlier.removeAll { $0 == token } }
    }
  }

  init(
    _ address: String, _ options: ConnectOptions, _ handlers: consuming HandlerSource, on loop: EventLoop,
    onFailure: (@Sendable (ConnectError) -> Void)?
  ) {
    self.address = address
    self.options = options
    deadline = loop.isCurrent ? loop.deadline(after: options.timeout) : loop.system.now + options.timeout
    target = loop.target(address)
    let known = try? target.get()
    queue = HandleQueue(
      ofConnectionOn: loop, known.map { .outbound($0) } ?? .connection, keepsBounds: target.isDatagram)
    unsafe confinedProgress = Confined(Progress(handlers, onFailure))
  }

  /// The state of the dial; for the loop's thread.
  var progress: Progress {
    @inline(__always) _read { yield unsafe confinedProgress[on: queue.loop] }
    @inline(__always) _modify { yield unsafe &confinedProgress[on: queue.loop] }
  }

  /// Whether the connection is one over UDP.
  var isDatagram: Bool { target.isDatagram }

  /// Ends the dial, and tells the caller of the failure, if it is one.
  ///
  /// - Parameter error: the failure; `nil` if the caller has taken the connection back.
  func end(_ error: ConnectError?) {
    assert(progress.attempts.isEmpty, "sockets of a dial that is over are left")
    let callback = leave()
    queue.markGone()
    if let error { callback?(error) }
  }

  /// Ends the dial, since its connection is established, and hands over the origin of the connection's handler.
  func succeed() -> HandlerSource {
    assert(progress.attempts.count <= 1, "a dial has more than one connection")
    _ = leave()
    guard let source = progress.handlers.take() else { preconditionFailure("a dial has succeeded twice") }
    return source
  }

  private func leave() -> (@Sendable (ConnectError) -> Void)? {
    assert(progress.timer == nil, "a deadline of a dial that is over is left")
    if case .resolving(let lookup) = progress.stage { lookup.cancel() }
    progress.stage = .over
    queue.dial = nil
    return progress.onFailure.take()
  }

  /// The failure of a system call.
  func failure(of call: SystemCall, _ error: Errno) -> ConnectError {
    .system(operation: call.rawValue, address: address, error)
  }
}
