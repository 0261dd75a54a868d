internal import RingBuffer

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
    assert(unsafe place == nil, "callbacks have a place of their own")
    return events.onOpened?(&connection) ?? Action.none
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
