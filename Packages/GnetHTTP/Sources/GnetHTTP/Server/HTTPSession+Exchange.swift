internal import Gnet
internal import RingBuffer

// A request that is not answered at once.
extension HTTPSession {
  /// Carries a response out: sends it, or begins to wait for it.
  mutating func apply(
    _ response: Response, to exchange: Exchange, _ connection: inout Connection, _ input: borrowing RingBuffer
  ) {
    switch response.content {
    case .complete(let answer):
      refuseBodyIfLong(exchange)
      exchange.persistence = persistence(exchange.persistence, closes: response.closesConnection, connection, input)
      write(answer, exchange.persistence, isHead: exchange.isHead, &connection)
      finishAnswer(exchange)
    case .streamed(let answer):
      exchange.persistence = persistence(exchange.persistence, closes: response.closesConnection, connection, input)
      beginStream(answer, exchange, &connection)
    case .waiting(let way):
      wait(way, exchange, &connection)
    case .upgrade(let answer):
      upgrade(answer, &connection)
    }
  }

  /// Hands the connection over to another protocol when this callback is over. The exchange stays: no request follows.
  private mutating func upgrade(_ answer: UpgradeAnswer, _ connection: inout Connection) {
    connection.write(answer.head)
    connection.write(loop.momentFields)
    connection.write("\r\n")
    leave(&connection)
    connection.become(answer.service)
  }

  /// Waits for the body, or for the answer.
  private mutating func wait(_ way: WaitingAnswer, _ exchange: Exchange, _ connection: inout Connection) {
    if let makeSink = way.makeSink {
      if case .length(let count) = parser.index.framing, count > way.bodyLimit {
        return refuseBody(exchange, &connection)
      }
      parser.bodyLimit = min(way.bodyLimit, parser.limits.body)
      exchange.sink?.fail(CancellationError())
      exchange.sink = makeSink()
    } else if exchange.sink == nil, !parser.isBetweenRequests {
      // Nobody wants the body. It stays where it is until the answer is there.
      exchange.sink = UnwantedSink()
    }
    if let start = way.start {
      let channel = beginChannel(exchange, connection)
      switch start {
      case .call(let body): body(PendingResponse(channel))
      case .task(let body): channel.answer(by: body)
      }
    }
  }

  /// Opens the way of an answer that may come from elsewhere.
  private func beginChannel(_ exchange: Exchange, _ connection: borrowing Connection) -> AnswerChannel {
    let channel = AnswerChannel(connection, logger: loop.options.logger)
    exchange.channel = channel
    exchange.hasBegun = true
    return channel
  }

  // MARK: The body

  /// Refuses a body that is longer than the handler takes.
  private mutating func refuseBody(_ exchange: Exchange, _ connection: inout Connection) {
    exchange.persistence = .close
    exchange.answer = .isDone
    exchange.sink = nil
    write(Response(.bodyTooLarge), .close, isHead: exchange.isHead, &connection)
  }

  /// Has the connection close if a body that nobody takes is too long to be dropped, or may never come.
  private func refuseBodyIfLong(_ exchange: Exchange) {
    guard !parser.isBetweenRequests else { return }
    if exchange.expectsContinue && parser.isBeforeBody || !parser.body.isRestShort(Self.discardLimit) {
      exchange.persistence = .close
    }
  }

  /// Takes in that the answer is over: the rest of the body is dropped.
  private mutating func finishAnswer(_ exchange: Exchange) {
    exchange.answer = .isDone
    exchange.sink?.fail(CancellationError())
    exchange.sink = parser.isBetweenRequests || exchange.persistence == .close ? nil : DiscardingSink()
    parser.bodyLimit = min(parser.bodyLimit, parser.body.byteCount + Self.discardLimit)
  }

  // MARK: Streams

  private mutating func beginStream(_ answer: StreamedAnswer, _ exchange: Exchange, _ connection: inout Connection) {
    let isChunked = answer.length == nil && !exchange.isHTTP10
    if answer.length == nil && exchange.isHTTP10 { exchange.persistence = .close }
    if exchange.isHead { refuseBodyIfLong(exchange) }
    connection.write(answer.head)
    if let length = answer.length {
      connection.write("Content-Length: \(length)\r\n")
    } else if isChunked {
      connection.write("Transfer-Encoding: chunked\r\n")
    }
    connection.write(loop.momentFields)
    connection.write(exchange.persistence.endOfHead.span)
    if exchange.isHead { return finishAnswer(exchange) }
    let channel = beginChannel(exchange, connection)
    channel.withState { $0.remaining = answer.length }
    exchange.answer = .isStreaming
    answer.start(ResponseBody(channel, isChunked: isChunked))
  }

  // MARK: Going on

  /// Goes on with an exchange. Returns whether it is over.
  mutating func advance(
    _ exchange: Exchange, _ connection: inout Connection, _ input: inout RingBuffer
  ) throws(Refusal) -> Bool {
    repeat {
      exchange.hasBegun = false
      takeAnswer(exchange, &connection, input)
      if exchange.sink != nil { try takeBody(exchange, &connection, &input) }
      // The answer to what has arrived may be there already.
    } while exchange.hasBegun
    return exchange.isOver
  }

  /// Sends the parts of an answer that have come through the channel.
  private mutating func takeAnswer(
    _ exchange: Exchange, _ connection: inout Connection, _ input: borrowing RingBuffer
  ) {
    guard let channel = exchange.channel else { return }
    var output = RingBuffer()
    let (response, isFinished, isAborted) = channel.withState { state in
      state.isNew = false
      swap(&output, &state.output)
      return (state.response.take(), state.isFinished, state.isAborted)
    }
    if !output.isEmpty { connection.write(moving: &output) }
    if let response {
      exchange.channel = nil
      apply(response, to: exchange, &connection, input)
    } else if isAborted {
      connection.abort()
    } else if isFinished {
      channel.end(CancellationError())
      exchange.channel = nil
      refuseBodyIfLong(exchange)
      finishAnswer(exchange)
    } else if !connection.isOutputFull {
      channel.resumeWriters()
    }
  }

  /// Gives the body to its taker, as far as it has arrived.
  private mutating func takeBody(
    _ exchange: Exchange, _ connection: inout Connection, _ input: inout RingBuffer
  ) throws(Refusal) {
    // A body whose last byte was taken ends at once, before anybody asks for more.
    while let sink = exchange.sink, sink.wantsMore || parser.isBetweenRequests {
      switch try parser.nextBodyPart(in: &input) {
      case .bytes(let count):
        try sink.take(count, of: &input, &parser)
      case .incomplete:
        return
      case .end:
        exchange.sink = nil
        if let response = answer(of: sink) { apply(response, to: exchange, &connection, input) }
      }
    }
  }

  /// The answer of the taker of a whole body. A refusal is an answer like any other then.
  private func answer(of sink: BodySink) -> Response? {
    do throws(Refusal) { return try sink.finish() } catch { return Response(error) }
  }
}
