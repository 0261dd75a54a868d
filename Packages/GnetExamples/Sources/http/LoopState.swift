import Gnet
import HTTPSupport
import Synchronization

/// The state that the sessions of one loop share.
///
/// Only the thread of that loop uses it, which is the reason for the unchecked sendability.
final class LoopState: @unchecked Sendable {
  /// The deadlines of sessions with a request that has arrived in part.
  var deadlines: DeadlineQueue
  private var dateField = DateField()

  /// The field `Date` of every answer, composed once a second.
  var date: [UInt8] {
    let second = DateField.currentSecond
    if dateField.second != second { dateField = DateField(second: second) }
    return dateField.line
  }

  init(requestTimeout: Duration) { deadlines = DeadlineQueue(timeout: requestTimeout) }
}

/// The state of each loop, and its timer: once per time-out while no deadline is earlier.
final class LoopStates: Plugin {
  private let requestTimeout: Duration
  private let states = Mutex<[LoopState]>([])

  init(requestTimeout: Duration) { self.requestTimeout = requestTimeout }

  func started(_ server: Server) {
    states.withLock { states in
      states = (0..<server.loopCount).map { _ in LoopState(requestTimeout: requestTimeout) }
    }
  }

  subscript(loop: EventLoop) -> LoopState { states.withLock { $0[loop.index] } }

  func tick(_ loop: EventLoop) -> Duration? { self[loop].deadlines.expire(now: .now) }
}
