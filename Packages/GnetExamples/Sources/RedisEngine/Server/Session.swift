internal import Gnet
internal import RingBuffer

/// The connection of a client.
struct Session: ~Copyable, ConnectionHandler {
  /// The most bytes of unanswered input, the limit of redis. No honest client sends more.
  private static let inputLimit = 1 << 30

  private let client: Client
  private let engine: Engine
  private let loop: LoopState
  /// The parser of a request that has arrived in part.
  private var parser: RequestParser?
  /// Whether all requests that have arrived are answered, and no part of another is there.
  private var isIdle = true

  init(_ client: Client, of engine: Engine, on loop: LoopState) {
    self.client = client
    self.engine = engine
    self.loop = loop
  }

  /// Answers the requests that have arrived, in one send. Requests that wait because the output is full are offered again
  /// when it has drained.
  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    client.noteActivity()
    let isClosing = loop.interpreter.answer(client, &parser, &connection, &input)
    isIdle = input.isEmpty
    if isClosing || input.count > Self.inputLimit { return .close }
    return isIdle && connection.isShuttingDown ? .close : .none
  }

  /// Ends the connection at once, unless a request has arrived in part or waits.
  mutating func shuttingDown(_ connection: inout Connection) -> Action { isIdle ? .close : .none }

  consuming func closed(_ connection: inout Connection, _ error: (any Error)?) { engine.clients.remove(client) }
}

/// The state of a loop, which its connections share.
final class LoopState {
  var interpreter: Interpreter

  init(_ engine: Engine) {
    interpreter = Interpreter(engine)
    engine.add(interpreter.counter)
  }
}
