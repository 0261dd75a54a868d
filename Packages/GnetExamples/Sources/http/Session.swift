import Gnet
import HTTPSupport
import RingBuffer

/// What the context of a connection holds on to. A session is a value in it, so that exclusive access to its parts is
/// checked once for a whole request.
final class SessionReference {
  var session: Session

  init(_ session: consuming Session) { self.session = session }
}

/// One connection's way through its requests: one at a time, answered in order.
///
/// As long as a delayed answer is due, what comes behind it stays in the connection's buffer, and beyond
/// `backlogLimit` in the kernel. So nothing overtakes, and what waits is bounded.
struct Session: ~Copyable {
  /// How many bytes may wait behind a delayed answer before the client is held up.
  private static let backlogLimit = 64 << 10

  private let loop: LoopState
  private var parser = HTTPParser()
  /// By when the request that is arriving must be complete. Made when one does not come in one piece.
  private var deadline: Deadline?
  private var delayed: DelayedAnswer?

  /// An answer that is due later.
  private struct DelayedAnswer {
    let response: Response
    let isHead: Bool
    let persistence: Persistence
    let alarm: Alarm
  }

  init(on loop: LoopState) { self.loop = loop }

  /// Answers all requests that have arrived. All the answers leave in one system call.
  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    do throws(Refusal) {
      if deadline?.hasPassed == true { throw .timeout }
      if case .close = try answerAll(&connection, &input) { return .close }
      return .none
    } catch {
      connection.write(Response(error), date: loop.date, .close, isHead: parser.isHead)
      return .close
    }
  }

  /// The connection has ended.
  mutating func end() {
    if let deadline { loop.deadlines.remove(deadline) }
    delayed = nil
  }

  /// Answers as far as it can be done now, and says what becomes of the connection.
  private mutating func answerAll(
    _ connection: inout Connection, _ input: inout RingBuffer
  ) throws(Refusal) -> Persistence {
    if let due = delayed, due.alarm.hasRung {
      delayed = nil
      connection.write(due.response, date: loop.date, due.persistence, isHead: due.isHead)
      if case .close = due.persistence { return .close }
    }
    while delayed == nil, var request = try parser.next(from: &input) {
      if let deadline { loop.deadlines.remove(deadline) }
      answer(&request, &connection)
      if case .close = request.persistence, delayed == nil { return .close }
    }
    connection.isReadingPaused = delayed != nil && input.count > Self.backlogLimit
    if delayed != nil { return .open }
    let isInTheMiddle = !parser.isBetweenRequests || !input.isEmpty
    if connection.isInputEnded {
      if isInTheMiddle { throw .cutShort }
      return .close
    }
    if input.isEmpty, parser.takeExpectation() { connection.write("HTTP/1.1 100 Continue\r\n\r\n") }
    if isInTheMiddle { limitTime(connection) }
    return .open
  }

  /// Answers one request, or has it answered later.
  private mutating func answer(_ request: inout Request, _ connection: inout Connection) {
    switch Router.answer(request.method, request.path) {
    case .response(let response):
      connection.write(response, date: loop.date, request.persistence, isHead: request.isHead)
    case .echo:
      let fields = [("Content-Type", "application/octet-stream")]
      connection.write(Response.head(.ok, fields: fields, bodyLength: request.body.count))
      connection.write(loop.date)
      connection.write(request.persistence.endOfHead)
      connection.write(moving: &request.body)
    case .delayed(let response, let milliseconds):
      let alarm = Alarm(after: .milliseconds(milliseconds), waking: connection.handle)
      delayed = DelayedAnswer(
        response: response, isHead: request.isHead, persistence: request.persistence, alarm: alarm)
    }
  }

  /// Has the request that is arriving refused if it is not complete in time, however it comes.
  private mutating func limitTime(_ connection: borrowing Connection) {
    if let deadline, deadline.isSet { return }
    let handle = connection.handle
    // Passing is on the loop's own thread, but outside the connection's callbacks: the wake leads back into one.
    let deadline = deadline ?? Deadline { handle.wake() }
    self.deadline = deadline
    loop.deadlines.add(deadline, now: .now)
  }
}

extension Connection {
  /// Writes an answer, without its body if the request was a HEAD.
  func write(_ response: Response, date: [UInt8], _ persistence: Persistence, isHead: Bool) {
    write(response.head)
    write(date)
    if case .open = persistence, !isHead {
      write(response.rest)
    } else {
      write(persistence.endOfHead)
      if !isHead { write(response.body) }
    }
  }
}
