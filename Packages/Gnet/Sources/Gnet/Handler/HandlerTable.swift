public import RingBuffer

/// The calls that a loop makes to the handlers of one service.
///
/// Each service has a table per loop, confined to the loop's thread, and a handler that is given as a value has one of its
/// own. A connection's slot has the place of its handler; how a handler lies there is known to its table alone, so a call
/// costs no cast, no check and no reference count.
@usableFromInline
class HandlerTable {
  /// The place of a connection's handler; `nil` where the connections of a service have none of their own.
  @usableFromInline typealias Place = UnsafeMutableRawPointer

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

/// The origin of a connection's handler.
@usableFromInline
enum HandlerSource: ~Copyable {
  /// A service, which makes it.
  case service(Service)
  /// A value.
  case value(GivenHandler)
}

/// The handler of a connection that is about to have one.
enum HandlerStart {
  /// The table that makes it.
  case table(HandlerTable)
  /// A handler that is there, and has no other owner.
  case value(HandlerReference)

  var isFullDuplex: Bool {
    switch self {
    case .table(let table): table.isFullDuplex
    case .value(let handler): handler.isFullDuplex
    }
  }
}

/// A connection's handler: its place, and the table that knows what lies there.
///
/// The handler of a connection keeps its table until it ends, so a call needs no reference of its own.
@safe
struct HandlerReference {
  private let table: Unmanaged<HandlerTable>
  private let place: HandlerTable.Place?

  /// Refers to the shared part of a table's connections, as long as another owner keeps the table. It never ends.
  init(sharedBy table: HandlerTable) {
    unsafe self.table = Unmanaged.passUnretained(table)
    unsafe place = nil
  }

  /// Makes the handler of a connection.
  init(_ table: HandlerTable, of connection: inout Connection) {
    unsafe self.table = Unmanaged.passRetained(table)
    unsafe place = table.make(&connection)
  }

  /// Refers to a handler that is there. The reference to its table ends with the handler.
  init(_ table: Unmanaged<HandlerTable>, at place: HandlerTable.Place) {
    unsafe self.table = table
    unsafe self.place = place
  }

  var isFullDuplex: Bool { unsafe table._withUnsafeGuaranteedRef { $0.isFullDuplex } }

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
    unsafe table.takeRetainedValue().closed(place, &connection, error)
  }
  func detached(_ connection: inout Connection, _ detached: consuming DetachedConnection) -> Action {
    unsafe table.takeRetainedValue().detached(place, &connection, detached)
  }
  func destroy() { unsafe table.takeRetainedValue().destroy(place) }
}
