internal import Gnet
internal import RingBuffer

/// The requests of one connection: parsed one at a time, answered in order.
///
/// While an answer is due, later requests stay in the connection's buffer, and beyond `backlogLimit` in the kernel. Hence
/// no answer overtakes another, and the buffer is bounded.
struct HTTPSession: ~Copyable, ConnectionHandler {
  /// The most bytes that wait behind a due answer before reading is paused.
  static var backlogLimit: Int { 64 << 10 }
  /// The most bytes of a body that are dropped to keep the connection of a request that was answered without them.
  static var discardLimit: Int { 64 << 10 }
  /// The time for which an idle connection is kept open while the server shuts down: a request may be on its way.
  private static var quietTime: Duration { .milliseconds(500) }

  let loop: HTTPLoop
  var parser: RequestParser
  /// The current request, where it is not answered at once.
  var exchange: Exchange?
  /// Whether the connection's time-out is set.
  private var isTimed = false
  /// Whether nothing is left to do: at least one request was answered, and no part of another has arrived.
  private var isIdle = false
  private let client: ClientList.Client?

  init(_ connection: inout Connection, on loop: HTTPLoop) {
    self.loop = loop
    parser = RequestParser(limits: loop.options.limits)
    client = loop.clients.map { clients in
      let client = ClientList.Client(connection.handle)
      clients.add(client)
      return client
    }
  }

  /// Answers all requests that have arrived. All answers leave in one system call.
  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    do throws(Refusal) {
      return try answerAll(&connection, &input) == .close ? .close : .none
    } catch {
      return refuse(error, &connection)
    }
  }

  /// Refuses a request that takes too long, or closes a connection that was quiet while the server shuts down.
  mutating func timedOut(_ connection: inout Connection) -> Action { isIdle ? .close : refuse(.timeout, &connection) }

  /// Looks for requests that have waited for the output to drain, and measures the time of the last one.
  mutating func drained(_ connection: inout Connection) -> Action {
    exchange?.channel?.resumeWriters()
    connection.wake()
    return .none
  }

  /// Ends a connection that has been served and asks for nothing, unless a request comes within the quiet time: closing at once
  /// would lose a request that is on its way. Others get the answers that are due, and a client that has just come may ask once.
  mutating func shuttingDown(_ connection: inout Connection) -> Action {
    if isIdle { setTimeout(Self.quietTime, &connection) }
    return .none
  }

  consuming func closed(_ connection: inout Connection, _ error: (any Error)?) {
    exchange?.end(error ?? CancellationError())
    if let client { loop.clients?.remove(client) }
  }

  /// Gives the connection up to another protocol.
  mutating func leave(_ connection: inout Connection) {
    setTimeout(nil, &connection)
    if let client { loop.clients?.remove(client) }
  }

  /// Answers as many requests as possible now. Returns the state of the connection.
  private mutating func answerAll(
    _ connection: inout Connection, _ input: inout RingBuffer
  ) throws(Refusal) -> Persistence {
    if isIdle {
      isIdle = false
      // The quiet time of a shutdown is over.
      if isTimed { setTimeout(nil, &connection) }
    }
    while true {
      if let exchange {
        guard try advance(exchange, &connection, &input) else { break }
        endExchange()
        if isTimed { setTimeout(nil, &connection) }
        connection.isReadingPaused = false
        if exchange.persistence == .close { return .close }
      }
      guard !input.isEmpty, !connection.isOutputFull, try parser.parseHead(in: &input) else { break }
      if isTimed { setTimeout(nil, &connection) }
      if answer(&connection, &input) == .close { return .close }
    }
    return try settle(&connection, input)
  }

  private mutating func endExchange() {
    exchange = nil
    client?.isWaiting = false
  }

  /// Begins the exchange of a request that is not answered at once.
  mutating func begin(_ exchange: Exchange) {
    self.exchange = exchange
    client?.isWaiting = true
  }

  /// Decides on the rest of the input when nothing can be answered now.
  @inline(__always)
  private mutating func settle(
    _ connection: inout Connection, _ input: borrowing RingBuffer
  ) throws(Refusal) -> Persistence {
    if exchange == nil && input.isEmpty && !connection.isInputEnded {
      isIdle = true
      client?.activeAt = .now
      // The shutdown may have begun behind the last answer, which has not said that the connection closes.
      if connection.isShuttingDown { setTimeout(Self.quietTime, &connection) }
      return .keepAlive
    }
    return try settleBusy(&connection, input)
  }

  @inline(never)
  private mutating func settleBusy(
    _ connection: inout Connection, _ input: borrowing RingBuffer
  ) throws(Refusal) -> Persistence {
    if let exchange, !exchange.waitsForClient {
      // A body that is held up is left to the kernel, but for what has arrived; behind it, and behind a request, some requests
      // may wait.
      connection.isReadingPaused = input.count > (exchange.sink == nil ? Self.backlogLimit : 0)
      if isTimed { setTimeout(nil, &connection) }
      return .keepAlive
    }
    connection.isReadingPaused = false
    // Requests that wait until the client has taken answers are not late.
    if connection.isOutputFull { return .keepAlive }
    if connection.isInputEnded {
      if exchange != nil || !input.isEmpty { throw .cutShort }
      return .close
    }
    if let exchange, exchange.expectsContinue, input.isEmpty, parser.isBeforeBody {
      exchange.expectsContinue = false
      connection.write("HTTP/1.1 100 Continue\r\n\r\n")
    }
    if let timeout = loop.options.requestTimeout, !isTimed || exchange?.sink?.isStream == true {
      setTimeout(timeout, &connection)
    }
    return .keepAlive
  }

  /// Refuses the current request, and all input behind it.
  mutating func refuse(_ refusal: Refusal, _ connection: inout Connection) -> Action {
    let answer = exchange?.answer ?? .isDue
    let isHead = exchange?.isHead ?? parser.isHead
    exchange?.end(refusal)
    endExchange()
    switch answer {
    case .isDue: write(Response(refusal), .close, isHead: isHead, &connection)
    // There is no place for another answer.
    case .isStreaming: connection.abort()
    case .isDone: break
    }
    return .close
  }

  /// Gives the current request its time, or takes it back.
  private mutating func setTimeout(_ time: Duration?, _ connection: inout Connection) {
    isTimed = time != nil
    connection.setTimeout(time)
  }
}
