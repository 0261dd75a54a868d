internal import Gnet
internal import RingBuffer

/// What one loop needs to answer requests, lent to whichever connection has some, so that idle ones own nothing.
struct LoopState: ~Copyable {
  let counter = CommandCounter()
  private var parser = RequestParser()
  private var context: Context
  /// A request that wraps around the end of the input, in one piece.
  private var straddling: [UInt8] = []

  /// So many bytes of unsent answers make the rest of a connection's requests wait. It is where Gnet pauses reading, so that
  /// neither input nor output grows without bound: however slow the peer, and however long its pipeline.
  private static let outputLimit = Engine.options.outboundHighWatermark

  init(_ engine: Engine) {
    context = Context(engine: engine, client: Client(id: 0, address: "", localAddress: ""))
  }

  /// Answers all requests that have arrived, in one send.
  mutating func react(_ session: Session, _ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    if let partial = session.partial.take() { parser = partial }
    session.isStalled = false
    session.client.noteActivity()
    context.client = session.client
    context.isClosing = false

    let pending = connection.pendingWriteCount
    var consumed = 0
    loop: while !context.isClosing {
      if pending + context.reply.count > Self.outputLimit {
        session.isStalled = true
        break
      }
      switch parser.parse(input, from: consumed) {
      case .request(let byteCount):
        if !parser.arguments.isEmpty {
          counter.increment()
          Self.run(parser, input, at: consumed, byteCount, &straddling, &context)
        }
        consumed += byteCount
      case .incomplete:
        break loop
      case .failure(let error):
        context.reply.error(error)
        context.isClosing = true
      }
    }
    if context.isClosing { consumed = input.count }
    input.discard(consumed)
    if parser.isPartial {
      var partial = RequestParser()
      swap(&partial, &parser)
      session.partial = .some(partial)
    }
    context.reply.take { connection.write(moving: &$0) }
    // More than the real one's limit of unanswered input is nobody's honest request.
    return context.isClosing || input.count > 1 << 30 ? .close : .none
  }

  /// Runs the request that the parser has found.
  private static func run(
    _ parser: borrowing RequestParser, _ input: borrowing RingBuffer, at start: Int, _ byteCount: Int,
    _ straddling: inout [UInt8], _ context: inout Context
  ) {
    if parser.isInline {
      CommandTable.shared.run(Arguments(parser.words.span, parser.arguments.span), &context)
      return
    }
    let segments = input.readable
    let first = unsafe segments.first._unsafeView(as: UInt8.self)
    let second = unsafe segments.second._unsafeView(as: UInt8.self)
    if start + byteCount <= first.count {
      let bytes = first.extracting(start..<start + byteCount)
      CommandTable.shared.run(Arguments(bytes, parser.arguments.span), &context)
    } else if start >= first.count {
      let bytes = second.extracting(start - first.count..<start - first.count + byteCount)
      CommandTable.shared.run(Arguments(bytes, parser.arguments.span), &context)
    } else {
      straddling.removeAll(keepingCapacity: straddling.capacity <= 1 << 16)
      straddling.reserveCapacity(byteCount)
      unsafe first.extracting(start...).withUnsafeBufferPointer { unsafe straddling.append(contentsOf: $0) }
      unsafe second.extracting(..<(byteCount - straddling.count)).withUnsafeBufferPointer {
        unsafe straddling.append(contentsOf: $0)
      }
      CommandTable.shared.run(Arguments(straddling.span, parser.arguments.span), &context)
    }
  }
}
