internal import Poller

extension EventLoop {
  /// The state of a loop that only its thread uses, also outside of the loop's own functions.
  struct State: ~Copyable {
    /// The loop's connections, from its start to its end.
    var connections: Pinned<ConnectionTable>?
    /// The storage lent to connections with filters; made for the first of these.
    fileprivate var filterBuffers: Pinned<FilterBuffers>?
    /// The states of ``LoopLocal`` objects.
    var localStates = LoopStates()
    /// The last delay that was converted to nanoseconds. The conversion takes longer than the rest of setting a
    /// time-out.
    fileprivate var lastDelay = (Duration.zero, nanoseconds: Int64(0))
    /// The addresses that callbacks have connected to.
    fileprivate var targets: [String: Result<ConnectTarget, ConnectError>] = [:]
    /// The address of the last connect, which the next one most likely is to as well.
    fileprivate var lastTarget: (address: String, target: Result<ConnectTarget, ConnectError>)?
    /// The tables of the handlers that were given as values, by their types. A program has few types of handlers.
    fileprivate var tablesOfTypes: [(type: ObjectIdentifier, table: HandlerTable)] = []

    deinit { filterBuffers?.destroy() }
  }

  /// The storage lent to connections with filters; for the loop's thread.
  var filterBuffers: Pinned<FilterBuffers> {
    if let buffers = state.filterBuffers { return buffers }
    let made = Pinned(FilterBuffers(capacity: readBufferCapacity))
    state.filterBuffers = made
    return made
  }

  /// The moment `delay` from now; for the loop's thread.
  @inline(__always)
  func deadline(after delay: Duration) -> Poller.Instant {
    assert(isCurrent)
    if state.lastDelay.0 != delay { state.lastDelay = (delay, Poller.Instant.nanoseconds(of: delay)) }
    let (sum, isTooLate) = monotonicTime.nanoseconds.addingReportingOverflow(state.lastDelay.nanoseconds)
    return isTooLate ? .never : Poller.Instant(nanoseconds: sum)
  }

  // MARK: Kept for the next connection

  private static var targetLimit: Int { 256 }

  /// An address to connect to. Callbacks connect to few addresses again and again: on the loop's thread each is parsed once.
  func target(_ address: String) -> Result<ConnectTarget, ConnectError> {
    guard isCurrent else { return Result(parsing: address) }
    if let last = state.lastTarget, last.address == address { return last.target }
    let target = state.targets[address] ?? addTarget(address)
    state.lastTarget = (address, target)
    return target
  }

  private func addTarget(_ address: String) -> Result<ConnectTarget, ConnectError> {
    if state.targets.count == Self.targetLimit { state.targets = [:] }
    let target = Result(parsing: address)
    state.targets[address] = target
    assert(state.targets.count <= Self.targetLimit)
    return target
  }

  /// A reference to a table for handlers of a type: on the loop's thread always the same.
  @usableFromInline
  func table(of type: ObjectIdentifier, _ make: () -> HandlerTable) -> Unmanaged<HandlerTable> {
    guard isCurrent else { return unsafe Unmanaged.passRetained(make()) }
    for index in state.tablesOfTypes.indices where state.tablesOfTypes[index].type == type {
      return unsafe Unmanaged.passRetained(state.tablesOfTypes[index].table)
    }
    let table = make()
    state.tablesOfTypes.append((type, table))
    return unsafe Unmanaged.passRetained(table)
  }
}
