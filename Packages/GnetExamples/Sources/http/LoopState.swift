import Gnet
import HTTPSupport
import Synchronization

/// What the sessions of one loop share.
///
/// Only the thread of that loop touches it, hence the unchecked sendability.
final class LoopState: @unchecked Sendable {
  /// Sessions with a request that has begun to arrive.
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

/// One state per loop, and the clock that ticks there: once per time-out and loop as long as nothing is due earlier.
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
