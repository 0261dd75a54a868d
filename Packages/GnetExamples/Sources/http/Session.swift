import Gnet
import HTTPSupport
import RingBuffer

/// The requests of one connection: parsed one at a time, answered in order.
///
/// While a delayed answer is due, later requests stay in the connection's buffer, and beyond `backlogLimit` in the
/// kernel. Hence no answer overtakes another, and the buffer is bounded.
///
/// The connection's time-out is that of the current request, or the delay of its answer: there is one of them at a time.
struct Session: ~Copyable, ConnectionHandler {
  /// The most bytes that wait behind a delayed answer before reading is paused.
  private static let backlogLimit = 64 << 10

  private let loop: LoopState
  private let requestTimeout: Duration
  private var parser = HTTPParser()
  private var delayed: DelayedAnswer?
  /// Whether the connection's time-out is that of a request which has arrived in part.
  private var isTimed = false
  /// Whether nothing is left to do: at least one request was answered, and no part of another has arrived.
  private var isIdle = false

  /// An answer that is sent after a delay.
  private struct DelayedAnswer {
    let response: Response
    let isHead: Bool
    let persistence: Persistence
    var isDue = false
  }

  init(on loop: LoopState, requestTimeout: Duration) {
    self.loop = loop
    self.requestTimeout = requestTimeout
  }

  /// Answers all requests that have arrived. All answers leave in one system call.
  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    do throws(Refusal) {
      return try answerAll(&connection, &input) == .close ? .close : .none
    } catch {
      return refuse(error, &connection)
    }
  }

  /// Sends the delayed answer, or refuses a request that takes too long.
  mutating func timedOut(_ connection: inout Connection) -> Action {
    if delayed == nil { return refuse(.timeout, &connection) }
    delayed?.isDue = true
    // The answer leaves together with those behind it.
    connection.wake()
    return .none
  }

  /// Looks for requests that have waited for the output to drain, and measures the time of the last one.
  mutating func drained(_ connection: inout Connection) -> Action {
    connection.wake()
    return .none
  }

  /// Ends a connection that has been served and asks for nothing. Others get the answers that are due, and a client that
  /// has just come may ask once.
  mutating func shuttingDown(_ connection: inout Connection) -> Action { isIdle ? .close : .none }

  private mutating func refuse(_ refusal: Refusal, _ connection: inout Connection) -> Action {
    connection.write(Response(refusal), date: loop.date, .close, isHead: parser.isHead)
    return .close
  }

  /// Answers as many requests as possible now. Returns the state of the connection.
  private mutating func answerAll(
    _ connection: inout Connection, _ input: inout RingBuffer
  ) throws(Refusal) -> Persistence {
    isIdle = false
    if let due = delayed, due.isDue {
      delayed = nil
      let persistence = persistence(due.persistence, connection, input)
      connection.write(due.response, date: loop.date, persistence, isHead: due.isHead)
      if persistence == .close { return .close }
    }
    while delayed == nil, !connection.isOutputFull, var request = try parser.next(from: &input) {
      if isTimed { setTimeout(nil, &connection) }
      if answer(&request, &connection, input) == .close { return .close }
    }
    connection.isReadingPaused = delayed != nil && input.count > Self.backlogLimit
    // Requests that wait until the client has taken answers are not late.
    if delayed != nil || connection.isOutputFull { return .open }
    let isInTheMiddle = !parser.isBetweenRequests || !input.isEmpty
    if connection.isInputEnded {
      if isInTheMiddle { throw .cutShort }
      return .close
    }
    if input.isEmpty, parser.takeExpectation() { connection.write("HTTP/1.1 100 Continue\r\n\r\n") }
    if isInTheMiddle, !isTimed { setTimeout(requestTimeout, &connection) }
    isIdle = !isInTheMiddle
    return isIdle && connection.isShuttingDown ? .close : .open
  }

  /// Answers a request, now or after its delay. Returns the state of the connection.
  private mutating func answer(
    _ request: inout Request, _ connection: inout Connection, _ input: borrowing RingBuffer
  ) -> Persistence {
    let persistence = persistence(request.persistence, connection, input)
    switch Router.answer(request.method, request.path) {
    case .response(let response):
      connection.write(response, date: loop.date, persistence, isHead: request.isHead)
    case .echo:
      let fields = [("Content-Type", "application/octet-stream")]
      connection.write(Response.head(.ok, fields: fields, bodyLength: request.body.count))
      connection.write(loop.date)
      connection.write(persistence.endOfHead)
      connection.write(moving: &request.body)
    case .delayed(let response, let milliseconds):
      delayed = DelayedAnswer(response: response, isHead: request.isHead, persistence: request.persistence)
      connection.setTimeout(.milliseconds(milliseconds))
      return .open
    }
    return persistence
  }

  /// The state of the connection after an answer: while the server shuts down, the last one of those that are due closes
  /// it.
  private func persistence(
    _ asked: Persistence, _ connection: borrowing Connection, _ input: borrowing RingBuffer
  ) -> Persistence {
    connection.isShuttingDown && input.isEmpty ? .close : asked
  }

  /// Gives the current request its time, or takes it back.
  private mutating func setTimeout(_ time: Duration?, _ connection: inout Connection) {
    isTimed = time != nil
    connection.setTimeout(time)
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
