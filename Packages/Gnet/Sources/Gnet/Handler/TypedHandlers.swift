public import RingBuffer

/// The calls to handlers of one type.
@usableFromInline
class HandlersOfType<Handler: ConnectionHandler & ~Copyable>: HandlerTable {
  @inlinable final override var isFullDuplex: Bool { Handler.isFullDuplex }

  @inlinable
  @inline(__always)
  final func handler(_ place: Place?) -> UnsafeMutablePointer<Handler> {
    assert(unsafe place != nil, "a connection of typed handlers has none")
    return unsafe place.unsafelyUnwrapped.assumingMemoryBound(to: Handler.self)
  }

  @inlinable
  final override func opened(_ place: Place?, _ connection: inout Connection) -> Action {
    unsafe handler(place).pointee.opened(&connection)
  }

  @inlinable
  final override func react(_ place: Place?, _ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    unsafe handler(place).pointee.react(&connection, &input)
  }

  @inlinable
  final override func drained(_ place: Place?, _ connection: inout Connection) -> Action {
    unsafe handler(place).pointee.drained(&connection)
  }

  @inlinable
  final override func timedOut(_ place: Place?, _ connection: inout Connection) -> Action {
    unsafe handler(place).pointee.timedOut(&connection)
  }

  @inlinable
  final override func shuttingDown(_ place: Place?, _ connection: inout Connection) -> Action {
    unsafe handler(place).pointee.shuttingDown(&connection)
  }

  // The memory of a handler is freed by its address alone, and a handler is destroyed by being moved: both need nothing
  // that is made at run time for the type.

  @inlinable
  final override func closed(_ place: Place?, _ connection: inout Connection, _ error: (any Error)?) -> Action {
    unsafe handler(place).move().closed(&connection, error)
    unsafe place?.deallocate()
    return .none
  }

  @inlinable
  final override func detached(
    _ place: Place?, _ connection: inout Connection, _ detached: consuming DetachedConnection
  ) -> Action {
    unsafe handler(place).move().detached(&connection, detached)
    unsafe place?.deallocate()
    return .none
  }

  @inlinable
  final override func destroy(_ place: Place?) {
    _ = unsafe handler(place).move()
    unsafe place?.deallocate()
  }

  /// Keeps a handler where its connection finds it.
  @inlinable
  static func place(_ handler: consuming Handler) -> Place {
    let place = UnsafeMutableRawPointer.allocate(
      byteCount: MemoryLayout<Handler>.stride, alignment: MemoryLayout<Handler>.alignment)
    unsafe place.initializeMemory(as: Handler.self, to: handler)
    return unsafe place
  }
}

/// The handlers of a service of typed handlers.
@usableFromInline
final class TypedHandlers<Handler: ConnectionHandler & ~Copyable>: HandlersOfType<Handler> {
  @usableFromInline let makeHandler: (inout Connection) -> Handler

  @usableFromInline
  init(_ makeHandler: @escaping (inout Connection) -> Handler) { self.makeHandler = makeHandler }

  @inlinable
  override func make(_ connection: inout Connection) -> Place? { unsafe Self.place(makeHandler(&connection)) }
}

/// The handler of one connection, which is given as a value before the connection is there.
///
/// A loop has one table for all handlers of a type that are given on its thread.
@safe
@usableFromInline
struct GivenHandler: ~Copyable {
  @usableFromInline let table: Unmanaged<HandlerTable>
  @usableFromInline let place: HandlerTable.Place

  @inlinable
  init<Handler: ConnectionHandler & ~Copyable>(_ handler: consuming Handler, on loop: EventLoop) {
    unsafe table = loop.table(of: ObjectIdentifier(Handler.self)) { HandlersOfType<Handler>() }
    unsafe place = HandlersOfType.place(handler)
  }

  /// Gives the handler to its connection.
  consuming func take() -> HandlerReference {
    let reference = unsafe HandlerReference(table, at: place)
    discard self
    return reference
  }

  @usableFromInline
  deinit { unsafe HandlerReference(table, at: place).destroy() }
}
