internal import Gnet
internal import RingBuffer

/// What one loop needs to answer requests, lent to whichever connection has some, so that idle ones own nothing.
struct LoopState: ~Copyable {
  let counter = CommandCounter()
  private var parser = RequestParser()
  private var context: Context
  private let commands = CommandTable.shared

  /// So many bytes of unsent answers make the rest of a connection's requests wait. It is where Gnet pauses reading, so that
  /// neither input nor output grows without bound: however slow the peer, and however long its pipeline.
  private static let outputLimit = Engine.options.outboundHighWatermark

  init(_ engine: Engine) {
    context = Context(engine: engine, client: Client(id: 0, address: "", localAddress: ""))
  }

  /// Answers all requests that have arrived, in one send.
  mutating func react(_ session: Session, _ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    if let partial = session.partial { swap(&parser, &partial.parser) }
    session.client.noteActivity()
    context.client = session.client
    context.isClosing = false

    input.makeContiguous()
    let room = Self.outputLimit - connection.pendingWriteCount
    let consumed = answerAll(Bytes(_bytes: input.readable.first), room: room)
    session.isStalled = context.reply.count > room
    input.discard(context.isClosing ? input.count : consumed)
    if parser.isPartial {
      let partial = session.partial ?? PartialRequest()
      swap(&parser, &partial.parser)
      session.partial = partial
    } else if session.partial != nil {
      session.partial = nil
    }
    context.reply.take { connection.write(moving: &$0) }
    // More than the real one's limit of unanswered input is nobody's honest request.
    return context.isClosing || input.count > 1 << 30 ? .close : .none
  }

  /// Answers requests until there is no whole one left, or more than `room` bytes of answers. Returns how many bytes they
  /// had.
  private mutating func answerAll(_ input: Bytes, room: Int) -> Int {
    var consumed = 0
    while consumed < input.count, !context.isClosing, context.reply.count <= room {
      let rest = input.extracting(droppingFirst: consumed)
      switch parser.parse(rest) {
      case .request(let byteCount):
        consumed += byteCount
        if parser.arguments.isEmpty { continue }
        counter.increment()
        Self.run(parser, rest, commands, &context)
      case .incomplete:
        return consumed
      case .failure(let error):
        context.reply.error(error)
        context.isClosing = true
      }
    }
    return consumed
  }

  /// Runs the request that the parser has found at the beginning of `input`.
  @inline(__always)
  private static func run(
    _ parser: borrowing RequestParser, _ input: Bytes, _ commands: CommandTable, _ context: inout Context
  ) {
    if parser.isInline {
      commands.run(Arguments(parser.words.span, parser.arguments), &context)
    } else {
      commands.run(Arguments(input, parser.arguments), &context)
    }
  }
}
