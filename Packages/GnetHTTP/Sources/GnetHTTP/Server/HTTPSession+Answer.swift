internal import Gnet
internal import RingBuffer

extension HTTPSession {
  /// Answers the request whose head is complete, now or later. Returns the state of the connection.
  @inline(__always)
  mutating func answer(_ connection: inout Connection, _ input: inout RingBuffer) -> Persistence {
    let response = callHandler(&connection, input)
    let (index, asked, isHead) = (parser.index, parser.index.persistence, parser.index.method == .head)
    parser.takeHead(from: &input)
    let closes = response.closesConnection
    guard case .complete(let answer) = response.content, index.framing == .none else {
      begin(Exchange(index), response, &connection, input)
      return .keepAlive
    }
    let persistence = self.persistence(asked, closes: closes, connection, input)
    write(answer, persistence, isHead: isHead, &connection)
    return persistence
  }

  @inline(__always)
  private func callHandler(_ connection: inout Connection, _ input: borrowing RingBuffer) -> Response {
    unsafe input.readable.first.withUnsafeBytes { bytes in
      let start = unsafe bytes.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self)
      return unsafe withUnsafeMutablePointer(to: &connection) { connection in
        var request = unsafe Request(start, parser.index, connection)
        return loop.handler(&request)
      }
    }
  }

  /// Begins an exchange with what the handler has returned.
  @inline(never)
  private mutating func begin(
    _ exchange: Exchange, _ response: Response, _ connection: inout Connection, _ input: borrowing RingBuffer
  ) {
    begin(exchange)
    apply(response, to: exchange, &connection, input)
  }

  // MARK: Writing

  /// The state of the connection after an answer: while the server shuts down, the last due answer closes it.
  func persistence(
    _ asked: Persistence, closes: Bool, _ connection: borrowing Connection, _ input: borrowing RingBuffer
  ) -> Persistence {
    closes || connection.isShuttingDown && input.isEmpty ? .close : asked
  }

  /// Writes a complete answer to a request that is refused.
  func write(_ response: Response, _ persistence: Persistence, isHead: Bool, _ connection: inout Connection) {
    guard case .complete(let answer) = response.content else { return assertionFailure("a refusal is not complete") }
    write(answer, persistence, isHead: isHead, &connection)
  }

  /// Writes an answer, without its body if the request was a HEAD.
  @inline(__always)
  func write(
    _ answer: ComposedAnswer, _ persistence: Persistence, isHead: Bool, _ connection: inout Connection
  ) {
    connection.write(answer.head)
    connection.write(loop.momentFields)
    if case .keepAlive = persistence, !isHead {
      connection.write(answer.rest)
    } else {
      connection.write(persistence.endOfHead.span)
      if !isHead { connection.write(answer.body) }
    }
  }
}

extension StaticString {
  /// The text's bytes.
  var span: Span<UInt8> {
    @_lifetime(immortal)
    get { unsafe _overrideLifetime(Span(_unsafeStart: utf8Start, count: utf8CodeUnitCount), borrowing: ()) }
  }
}
