public import RingBuffer

/// The calls to handlers of one type.
@usableFromInline
class HandlersOfType<Handler: ConnectionHandler & ~Copyable>: HandlerTable {
  @inlinable final override var isFullDuplex: Bool { Handler.isFullDuplex }

  @inlinable
  @inline(__always)
  final func handler(_ place: Place?) -> UnsafeMutablePointer<Handler> {
    unsafe place.unsafelyUnwrapped.assumingMemoryBound(to: Handler.self)
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

  @inlinable
  final override func closed(_ place: Place?, _ connection: inout Connection, _ error: (any Error)?) -> Action {
    unsafe handler(place).move().closed(&connection, error)
    unsafe handler(place).deallocate()
    return .none
  }

  @inlinable
  final override func detached(
    _ place: Place?, _ connection: inout Connection, _ detached: consuming DetachedConnection
  ) -> Action {
    unsafe handler(place).move().detached(&connection, detached)
    unsafe handler(place).deallocate()
    return .none
  }

  @inlinable
  final override func destroy(_ place: Place?) {
    unsafe handler(place).deinitialize(count: 1)
    unsafe handler(place).deallocate()
  }
}

/// The handlers of a service of typed handlers.
@usableFromInline
final class TypedHandlers<Handler: ConnectionHandler & ~Copyable>: HandlersOfType<Handler> {
  @usableFromInline let makeHandler: (inout Connection) -> Handler

  @usableFromInline
  init(_ makeHandler: @escaping (inout Connection) -> Handler) { self.makeHandler = makeHandler }

  @inlinable
  override func make(_ connection: inout Connection) -> Place? {
    let place = UnsafeMutablePointer<Handler>.allocate(capacity: 1)
    unsafe place.initialize(to: makeHandler(&connection))
    return UnsafeMutableRawPointer(place)
  }
}

/// The handler of one connection, which is given as a value before the connection is there.
@safe
@usableFromInline
final class GivenHandler<Handler: ConnectionHandler & ~Copyable>: HandlersOfType<Handler> {
  /// The handler, until the connection takes it.
  @usableFromInline var waiting: UnsafeMutablePointer<Handler>?

  @inlinable
  init(_ handler: consuming Handler) {
    unsafe waiting = .allocate(capacity: 1)
    unsafe waiting.unsafelyUnwrapped.initialize(to: handler)
  }

  @inlinable
  override func make(_ connection: inout Connection) -> Place? { unsafe UnsafeMutableRawPointer(waiting.take()) }

  deinit {
    guard let waiting = unsafe waiting else { return }
    unsafe waiting.deinitialize(count: 1)
    unsafe waiting.deallocate()
  }
}
