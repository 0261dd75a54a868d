internal import RingBuffer
internal import Synchronization

/// The protocol that is spoken on a listener: how a connection gets its handler.
///
/// A service is a value without state of its own, and may serve any number of listeners, on any number of loops.
public struct Service: Sendable {
  let definition: Definition

  /// The identity of a service, and how a loop gets its calls.
  @usableFromInline
  final class Definition: Sendable {
    /// A number that no other service has, also none that is made later.
    let id = Definition.nextID.add(1, ordering: .relaxed).newValue
    private static let nextID = Atomic<UInt64>(0)

    let makeTable: @Sendable (EventLoop) -> HandlerTable
    /// Whether the service takes datagrams.
    let takesDatagrams: Bool

    @usableFromInline
    init(takesDatagrams: Bool = false, _ makeTable: @escaping @Sendable (EventLoop) -> HandlerTable) {
      self.takesDatagrams = takesDatagrams
      self.makeTable = makeTable
    }
  }

  @usableFromInline
  init(_ definition: Definition) { self.definition = definition }

  /// A service of callbacks: those of a connection or datagram, nothing else of `events`.
  public init(_ events: Events) {
    self.init(Definition(takesDatagrams: true) { _ in EventsHandlers(events) })
  }

  /// A service with a task per connection, which runs on the connection's loop.
  ///
  /// ```swift
  /// let reverse = Service(async: { connection in
  ///   while let bytes = try await connection.read() { try await connection.write(bytes.reversed()) }
  /// })
  /// ```
  ///
  /// The connection ends with the body, after what was written; an error that the body throws is logged besides. When the
  /// connection is gone, and when a shutdown begins, the task is cancelled.
  ///
  /// - Parameter body: speaks with one connection. It stays on the loop's thread except where it leaves it, for an actor
  ///   or a blocking call; while it computes, the loop's other connections wait.
  @_disfavoredOverload
  public init(async body: @escaping @Sendable (AsyncConnection) async throws -> Void) {
    self.init(
      Definition { _ in
        TypedHandlers { connection in AsyncHandler(&connection, body) }
      })
  }

  /// A service with a handler per connection.
  ///
  /// - Parameter make: makes the handler of a connection, on the connection's loop, right before `opened`.
  @inlinable
  public init<Handler: ConnectionHandler & ~Copyable>(
    _ make: @escaping @Sendable (inout Connection) -> Handler
  ) {
    self.init(Definition { _ in TypedHandlers(make) })
  }

  /// A service with a handler per connection, and with state that the connections of a loop share: without locks, since
  /// only their loop's thread touches it.
  ///
  /// - Parameters:
  ///   - perLoop: makes the state of a loop, once, on its thread, before its first connection.
  ///   - make: makes the handler of a connection, on the connection's loop, right before `opened`.
  @inlinable
  public init<Handler: ConnectionHandler & ~Copyable, LoopState: AnyObject>(
    perLoop: @escaping @Sendable (EventLoop) -> sending LoopState,
    _ make: @escaping @Sendable (inout Connection, LoopState) -> Handler
  ) {
    self.init(perLoop: LoopLocal(perLoop), make)
  }

  /// A service with a handler per connection, and with the state of a loop, which other services, callbacks and timers
  /// of the loop may share.
  ///
  /// - Parameters:
  ///   - perLoop: the states of the loops.
  ///   - make: makes the handler of a connection, on the connection's loop, right before `opened`.
  @inlinable
  public init<Handler: ConnectionHandler & ~Copyable, LoopState: AnyObject>(
    perLoop: LoopLocal<LoopState>,
    _ make: @escaping @Sendable (inout Connection, LoopState) -> Handler
  ) {
    self.init(
      Definition { loop in
        let state = perLoop.state(of: loop)
        return TypedHandlers { connection in make(&connection, state) }
      })
  }
}
