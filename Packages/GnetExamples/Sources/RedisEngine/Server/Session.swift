internal import Gnet
internal import RingBuffer

/// The connection of a client.
struct Session: ~Copyable, ConnectionHandler {
  /// The most bytes of unanswered input, and of a transaction, the limit of redis. No honest client sends more.
  static let inputLimit = 1 << 30

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
    let isClosing = loop.answer(client, &parser, &connection, &input)
    isIdle = input.isEmpty
    if isClosing || input.count > Self.inputLimit { return .close }
    return isIdle && connection.isShuttingDown ? .close : .none
  }

  /// Ends the connection at once, unless a request has arrived in part or waits.
  mutating func shuttingDown(_ connection: inout Connection) -> Action { isIdle ? .close : .none }

  consuming func closed(_ connection: inout Connection, _ error: (any Error)?) {
    engine.clients.remove(client)
    if client.modes.contains(.subscriber) { engine.channels.unsubscribeAll(client) }
    client.takeTransaction().unwatch(in: engine.keyspace)
  }
}

/// The state of a loop, which its connections share.
@safe
final class LoopState {
  /// Behind a pointer, since the runtime does not check there that access is exclusive: connections of a loop are served
  /// one after the other.
  private let interpreter: UnsafeMutablePointer<Interpreter>

  init(_ engine: Engine) {
    unsafe interpreter = .allocate(capacity: 1)
    unsafe interpreter.initialize(to: Interpreter(engine))
    unsafe engine.add(interpreter.pointee.counter)
  }

  deinit {
    unsafe interpreter.deinitialize(count: 1)
    unsafe interpreter.deallocate()
  }

  /// Answers the requests of a client that have arrived; see `Interpreter`.
  @inline(__always)
  func answer(
    _ client: Client, _ partial: inout RequestParser?, _ connection: inout Connection, _ input: inout RingBuffer
  ) -> Bool {
    unsafe interpreter.pointee.answer(client, &partial, &connection, &input)
  }
}
