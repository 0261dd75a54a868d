import Gnet
import HTTPSupport
import RingBuffer

/// The context of a connection: an object that holds its session. The session is a value in it, so exclusive access is
/// checked once per request, not for each part.
final class SessionReference {
  var session: Session

  init(_ session: consuming Session) { self.session = session }
}

/// The requests of one connection: parsed one at a time, answered in order.
///
/// While a delayed answer is due, later requests stay in the connection's buffer, and beyond `backlogLimit` in the
/// kernel. Hence no answer overtakes another, and the buffer is bounded.
struct Session: ~Copyable {
  /// The most bytes that wait behind a delayed answer before reading is paused.
  private static let backlogLimit = 64 << 10

  private let loop: LoopState
  private var parser = HTTPParser()
  /// The deadline of the current request. Created once a request does not arrive in one piece.
  private var deadline: Deadline?
  private var delayed: DelayedAnswer?

  /// An answer that is sent after a delay.
  private struct DelayedAnswer {
    let response: Response
    let isHead: Bool
    let persistence: Persistence
    let alarm: Alarm
  }

  init(on loop: LoopState) { self.loop = loop }

  /// Answers all requests that have arrived. All answers leave in one system call.
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

  /// Removes the deadline and drops the delayed answer.
  mutating func end() {
    if let deadline { loop.deadlines.remove(deadline) }
    delayed = nil
  }

  /// Answers as many requests as possible now. Returns the state of the connection.
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

  /// Answers a request, now or after its delay.
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

  /// Sets a deadline for the current request, unless it has one.
  private mutating func limitTime(_ connection: borrowing Connection) {
    if let deadline, deadline.isSet { return }
    let handle = connection.handle
    // The deadline passes on the loop's own thread, but outside the connection's callbacks: the wake leads back into
    // one.
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
