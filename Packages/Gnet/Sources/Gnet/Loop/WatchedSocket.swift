internal import Logging
internal import Poller
internal import SystemPackage

/// A socket of the server that a loop watches until the shutdown: a listening or a datagram socket.
///
/// Calls that fail for lack of descriptors or memory are tried again after a pause. One shortage is reported once.
struct WatchedSocket {
  /// The time for which a shortage stops the use of a socket.
  private static var pause: Duration { .milliseconds(50) }
  /// The time without a failure after which a shortage is over. At the limit every connection that ends lets one in.
  private static var shortageMemory: Duration { .seconds(1) }

  let socket: BoundSocket
  /// The token of the socket in its readiness events.
  let token: LoopToken
  /// The deadline that tries the socket again.
  private let deadline: Deadline
  private var retryTimer: Timers<Deadline>.ID?
  private var lastFailureTime: Poller.Instant?
  /// Whether the log tells that the file of the unix socket is not in its place.
  var hasReportedFile = false

  init(_ socket: BoundSocket, _ token: LoopToken, retry deadline: Deadline) {
    self.socket = socket
    self.token = token
    self.deadline = deadline
  }

  /// Starts watching.
  func add(_ interest: Poller.Interest, _ turn: inout Turn<some LoopSystem>) throws(Errno) {
    try turn.selector.add(socket.fd, token, interest)
  }

  /// Changes the interest in the socket; a failure is tried again later.
  mutating func watch(_ interest: Poller.Interest, _ turn: inout Turn<some LoopSystem>) {
    do throws(Errno) {
      try turn.selector.modify(socket.fd, token, interest, .level)
    } catch {
      noteFailure(of: "watch", error, &turn)
    }
  }

  /// Ends the watching, for good.
  mutating func remove(_ turn: inout Turn<some LoopSystem>) {
    turn.selector.remove(socket.fd)
    if let retryTimer { turn.timers.remove(retryTimer) }
    retryTimer = nil
  }

  /// Stops using the socket for a moment; what arrives waits in the kernel.
  mutating func pause(for error: Errno, _ turn: inout Turn<some LoopSystem>) {
    noteFailure(of: "accept on", error, &turn)
    watch([], &turn)
    assert(retryTimer != nil)
  }

  private mutating func noteFailure(of task: String, _ error: Errno, _ turn: inout Turn<some LoopSystem>) {
    if lastFailureTime == nil {
      turn.options.logger?.warning(
        "cannot \(task) \(socket.address), trying again every \(Self.pause): \(error)")
    }
    lastFailureTime = turn.now
    if retryTimer == nil { retryTimer = turn.setTimer(deadline, after: Self.pause) }
  }

  /// Takes in that the time to try again has come.
  mutating func retryTimerFired() {
    assert(retryTimer != nil)
    retryTimer = nil
  }

  /// Takes in that the socket was used with success.
  @inline(__always)
  mutating func noteSuccess(_ turn: borrowing Turn<some LoopSystem>) {
    if lastFailureTime != nil { endShortage(turn) }
  }

  private mutating func endShortage(_ turn: borrowing Turn<some LoopSystem>) {
    guard let time = lastFailureTime, time + Self.shortageMemory <= turn.now else { return }
    lastFailureTime = nil
    turn.options.logger?.notice("accepting again on \(socket.address)")
  }
}
