internal import Gnet
internal import RingBuffer

/// The means of a loop to answer requests, lent to one connection after the other: idle connections own nothing.
struct Interpreter: ~Copyable {
  let counter = CommandCounter()
  private var parser = RequestParser()
  private var context: Context
  private let commands = CommandTable.shared

  init(_ engine: Engine) {
    context = Context(engine: engine, client: Client(id: 0, address: "", localAddress: "", handle: nil))
  }

  /// Answers the requests that have arrived, until none is complete or the output is full.
  ///
  /// - Parameter partial: the parser of a request that has arrived in part, before and after the call.
  /// - Returns: whether the connection closes behind the answers.
  mutating func answer(
    _ client: Client, _ partial: inout RequestParser?, _ connection: inout Connection, _ input: inout RingBuffer
  ) -> Bool {
    if let begun = partial.take() { parser = begun }
    context.client = client
    context.isClosing = false
    context.reply.isRESP3 = client.modes.contains(.resp3)
    input.makeContiguous()
    let consumed = answerAll(Bytes(_bytes: input.readable.first), &connection)
    input.discard(context.isClosing ? input.count : consumed)
    if parser.isPartial {
      var begun = RequestParser()
      swap(&parser, &begun)
      partial = consume begun
    }
    return context.isClosing
  }

  /// Answers requests until none is complete or the output is full. Returns the number of parsed bytes.
  private mutating func answerAll(_ input: Bytes, _ connection: inout Connection) -> Int {
    var consumed = 0
    while answerSome(input, &consumed) {
      context.reply.take { connection.write(moving: &$0) }
      if connection.isOutputFull { return consumed }
    }
    context.reply.take { connection.write(moving: &$0) }
    return consumed
  }

  /// Answers requests until none is complete or the answers fill the buffer. Returns whether there may be more.
  private mutating func answerSome(_ input: Bytes, _ consumed: inout Int) -> Bool {
    while consumed < input.count, !context.isClosing {
      if context.reply.count >= Context.replyCapacity { return true }
      let rest = input.extracting(droppingFirst: consumed)
      switch parser.parse(rest) {
      case .request(let byteCount):
        consumed += byteCount
        if parser.arguments.isEmpty { continue }
        counter.increment()
        Self.run(parser, rest, commands, &context)
      case .incomplete:
        return false
      case .failure(let error):
        context.reply.error(error)
        context.isClosing = true
      }
    }
    return false
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
