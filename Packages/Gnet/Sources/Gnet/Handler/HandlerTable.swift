public import RingBuffer

/// The calls that a loop makes to the handlers of one service.
///
/// Each service has a table per loop, confined to the loop's thread. A connection's slot has the place of its handler; how
/// a handler lies there is known to its table alone, so a call costs no cast, no check and no reference count.
@usableFromInline
class HandlerTable {
  /// The place of a connection's handler; `nil` where the connections of a service have none of their own.
  @usableFromInline typealias Place = UnsafeMutableRawPointer

  /// The connections whose handlers are of this table.
  final var connectionCount = 0

  /// Whether `preWrite` does anything.
  var hasPreWrite: Bool { false }

  /// Called before bytes are sent.
  func preWrite(_ connection: inout Connection, _ byteCount: Int) {}

  @usableFromInline init() {}

  /// Makes the handler of a connection.
  @usableFromInline func make(_ connection: inout Connection) -> Place? { nil }

  @usableFromInline func opened(_ place: Place?, _ connection: inout Connection) -> Action { .none }

  @usableFromInline
  func react(_ place: Place?, _ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    preconditionFailure("a table of handlers has no react")
  }

  @usableFromInline func drained(_ place: Place?, _ connection: inout Connection) -> Action { .none }

  @usableFromInline func timedOut(_ place: Place?, _ connection: inout Connection) -> Action { .close }

  @usableFromInline func shuttingDown(_ place: Place?, _ connection: inout Connection) -> Action { .close }

  /// Ends the handler.
  @usableFromInline func closed(_ place: Place?, _ connection: inout Connection, _ error: (any Error)?) -> Action {
    .none
  }

  /// Whether the directions of a connection are independent of each other.
  @usableFromInline var isFullDuplex: Bool { false }

  /// Whether connections can be detached; where not, detaching is closing.
  @usableFromInline var canDetach: Bool { true }

  /// Ends the handler.
  @usableFromInline
  func detached(
    _ place: Place?, _ connection: inout Connection, _ detached: consuming DetachedConnection
  ) -> Action { .none }

  /// Ends the handler without a call.
  @usableFromInline func destroy(_ place: Place?) {}
}

/// A connection's handler: its place, and the table that knows what lies there.
///
/// The loop keeps the table for as long as connections have it, so a call needs no reference of its own.
@safe
struct HandlerReference {
  private let table: Unmanaged<HandlerTable>
  private let place: HandlerTable.Place?

  /// Refers to the connections of a table that share their handler, or have none yet.
  init(_ table: HandlerTable) {
    unsafe self.table = Unmanaged.passUnretained(table)
    unsafe place = nil
  }

  /// Makes the handler of a connection.
  init(_ table: HandlerTable, of connection: inout Connection) {
    unsafe self.table = Unmanaged.passUnretained(table)
    table.connectionCount += 1
    unsafe place = table.make(&connection)
  }

  @inline(__always)
  func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    unsafe table._withUnsafeGuaranteedRef { unsafe $0.react(place, &connection, &input) }
  }

  func preWrite(_ connection: inout Connection, _ byteCount: Int) {
    unsafe table._withUnsafeGuaranteedRef { $0.preWrite(&connection, byteCount) }
  }
  var hasPreWrite: Bool { unsafe table._withUnsafeGuaranteedRef { $0.hasPreWrite } }
  var canDetach: Bool { unsafe table._withUnsafeGuaranteedRef { $0.canDetach } }

  func opened(_ connection: inout Connection) -> Action {
    unsafe table._withUnsafeGuaranteedRef { unsafe $0.opened(place, &connection) }
  }
  func drained(_ connection: inout Connection) -> Action {
    unsafe table._withUnsafeGuaranteedRef { unsafe $0.drained(place, &connection) }
  }
  func timedOut(_ connection: inout Connection) -> Action {
    unsafe table._withUnsafeGuaranteedRef { unsafe $0.timedOut(place, &connection) }
  }
  func shuttingDown(_ connection: inout Connection) -> Action {
    unsafe table._withUnsafeGuaranteedRef { unsafe $0.shuttingDown(place, &connection) }
  }
  func closed(_ connection: inout Connection, _ error: (any Error)?) -> Action {
    let action = unsafe table._withUnsafeGuaranteedRef { unsafe $0.closed(place, &connection, error) }
    noteEnd()
    return action
  }
  func detached(_ connection: inout Connection, _ detached: consuming DetachedConnection) -> Action {
    let action = unsafe table.takeUnretainedValue().detached(place, &connection, detached)
    noteEnd()
    return action
  }
  func destroy() {
    unsafe table._withUnsafeGuaranteedRef { unsafe $0.destroy(place) }
    noteEnd()
  }

  private func noteEnd() {
    unsafe table._withUnsafeGuaranteedRef {
      assert($0.connectionCount > 0)
      $0.connectionCount -= 1
    }
  }
}

/// The handlers of a service of typed handlers.
@usableFromInline
final class TypedHandlers<Handler: ConnectionHandler & ~Copyable>: HandlerTable {
  @usableFromInline let makeHandler: (inout Connection) -> Handler

  @usableFromInline
  init(_ makeHandler: @escaping (inout Connection) -> Handler) { self.makeHandler = makeHandler }

  @inlinable override var isFullDuplex: Bool { Handler.isFullDuplex }

  @inlinable
  override func make(_ connection: inout Connection) -> Place? {
    let place = UnsafeMutablePointer<Handler>.allocate(capacity: 1)
    unsafe place.initialize(to: makeHandler(&connection))
    return UnsafeMutableRawPointer(place)
  }

  @inlinable
  @inline(__always)
  func handler(_ place: Place?) -> UnsafeMutablePointer<Handler> {
    unsafe place.unsafelyUnwrapped.assumingMemoryBound(to: Handler.self)
  }

  @inlinable
  override func opened(_ place: Place?, _ connection: inout Connection) -> Action {
    unsafe handler(place).pointee.opened(&connection)
  }

  @inlinable
  override func react(_ place: Place?, _ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    unsafe handler(place).pointee.react(&connection, &input)
  }

  @inlinable
  override func drained(_ place: Place?, _ connection: inout Connection) -> Action {
    unsafe handler(place).pointee.drained(&connection)
  }

  @inlinable
  override func timedOut(_ place: Place?, _ connection: inout Connection) -> Action {
    unsafe handler(place).pointee.timedOut(&connection)
  }

  @inlinable
  override func shuttingDown(_ place: Place?, _ connection: inout Connection) -> Action {
    unsafe handler(place).pointee.shuttingDown(&connection)
  }

  @inlinable
  override func closed(_ place: Place?, _ connection: inout Connection, _ error: (any Error)?) -> Action {
    unsafe handler(place).move().closed(&connection, error)
    unsafe handler(place).deallocate()
    return .none
  }

  @inlinable
  override func detached(
    _ place: Place?, _ connection: inout Connection, _ detached: consuming DetachedConnection
  ) -> Action {
    unsafe handler(place).move().detached(&connection, detached)
    unsafe handler(place).deallocate()
    return .none
  }

  @inlinable
  override func destroy(_ place: Place?) {
    unsafe handler(place).deinitialize(count: 1)
    unsafe handler(place).deallocate()
  }
}

/// The callbacks of `Events`, which all connections share.
final class EventsHandlers: HandlerTable {
  private let events: Events
  /// `Events.react`; without one, bytes are dropped.
  private let reaction: @Sendable (inout Connection, inout RingBuffer) -> Action

  init(_ events: Events) {
    self.events = events
    // Not by `??`, which would wrap the callback in two thunks.
    if let callback = events.react {
      reaction = callback
    } else {
      reaction = { _, bytes in
        bytes.removeAll()
        return .none
      }
    }
  }

  override var hasPreWrite: Bool { events.preWrite != nil }

  override func preWrite(_ connection: inout Connection, _ byteCount: Int) {
    events.preWrite?(&connection, byteCount)
  }

  override func opened(_ place: Place?, _ connection: inout Connection) -> Action {
    events.onOpened?(&connection) ?? Action.none
  }

  override func react(_ place: Place?, _ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    reaction(&connection, &input)
  }

  override func drained(_ place: Place?, _ connection: inout Connection) -> Action {
    events.onDrained?(&connection) ?? Action.none
  }

  override func timedOut(_ place: Place?, _ connection: inout Connection) -> Action {
    events.onTimeout?(&connection) ?? .close
  }

  override func shuttingDown(_ place: Place?, _ connection: inout Connection) -> Action {
    events.onShutdown?(&connection) ?? .close
  }

  override func closed(_ place: Place?, _ connection: inout Connection, _ error: (any Error)?) -> Action {
    events.onClosed?(&connection, error) ?? Action.none
  }

  override var canDetach: Bool { events.onDetached != nil }

  override func detached(
    _ place: Place?, _ connection: inout Connection, _ detached: consuming DetachedConnection
  ) -> Action {
    guard let callback = events.onDetached else { return .none }
    return callback(&connection, detached)
  }
}
