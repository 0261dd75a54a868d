internal import Gnet
internal import RingBuffer

/// The state that a loop needs to answer requests, lent to one connection after the other: idle connections own
/// nothing.
struct LoopState: ~Copyable {
  let counter = CommandCounter()
  private var parser = RequestParser()
  private var context: Context
  private let commands = CommandTable.shared

  /// The number of bytes of unsent answers at which the rest of a connection's requests wait.
  ///
  /// Gnet pauses reading at the same number, so a slow peer with a long pipeline makes neither input nor output grow
  /// without bound.
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
    // More than the limit of redis for unanswered input: no honest client sends that.
    return context.isClosing || input.count > 1 << 30 ? .close : .none
  }

  /// Answers requests until none is complete, or the answers have more than `room` bytes. Returns the number of parsed
  /// bytes.
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

  /// Runs the request that the parser has found at the start of `input`.
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
