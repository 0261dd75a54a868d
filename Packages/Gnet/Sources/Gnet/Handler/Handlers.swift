internal import RingBuffer

/// The callbacks of connections and datagrams as a loop calls them.
struct Handlers: Sendable {
  let opened: (@Sendable (inout Connection) -> Action)?
  let closed: (@Sendable (inout Connection, (any Error)?) -> Action)?
  let detached: (@Sendable (inout Connection, consuming DetachedConnection) -> Action)?
  /// `Events.react`; without one, bytes are dropped.
  let react: @Sendable (inout Connection, inout RingBuffer) -> Action
  /// All hooks that are to be called before bytes are sent; does nothing where there are none.
  private let preWriteHooks: @Sendable (inout Connection, Int) -> Void
  let hasPreWriteHooks: Bool

  init(_ events: Events) {
    opened = events.onOpened
    closed = events.onClosed
    detached = events.onDetached
    // Not by `??`, which would wrap the callback in two thunks.
    if let callback = events.react {
      react = callback
    } else {
      react = { _, bytes in
        bytes.removeAll()
        return .none
      }
    }
    preWriteHooks = events.allPreWriteHooks
    hasPreWriteHooks = events.preWrite != nil || !events.plugins.isEmpty
  }

  @inline(__always)
  func preWrite(_ slot: ConnectionSlot, _ byteCount: Int) {
    guard hasPreWriteHooks else { return }
    var view = Connection(slot)
    preWriteHooks(&view, byteCount)
  }
}
