internal import Poller
internal import RingBuffer

/// A filter among those of a connection, and the bytes that wait for it. Pinned, since a filter works on its rings in place.
struct FilterStage: ~Copyable {
  enum Phase {
    /// The filter has not begun, and may not be made yet.
    case new
    /// The filter has begun, and needs more of the peer.
    case establishing
    /// Bytes pass in both directions.
    case established
    /// No more bytes come from the peer; output passes.
    case inputEnded
  }

  private(set) var phase = Phase.new
  /// The bytes from below that the filter has not taken.
  var unread = RingBuffer()
  /// The bytes from above that the filter has not taken.
  var unsent = RingBuffer()

  private let make: ConnectionFilter.Factory
  private(set) var filter: (any ConnectionFilter)?
  /// Whether the filter has written the end of the output.
  private var isFinished = false

  /// A filter that is made when those below are established.
  init(_ make: @escaping ConnectionFilter.Factory) { self.make = make }

  /// A filter that the program has made.
  init(_ filter: any ConnectionFilter) {
    make = { _ in preconditionFailure("a filter is made twice") }
    self.filter = filter
  }

  /// Whether output passes.
  @inline(__always)
  var takesOutput: Bool { phase == .established || phase == .inputEnded }

  /// Whether there is a filter, which is made when it begins at the latest.
  private var isMade: Bool { phase == .new || filter != nil }

  // MARK: Up

  /// Makes the filter, if there is none yet, and has it begin.
  mutating func begin(_ context: @autoclosure () -> FilterContext, _ network: inout RingBuffer) throws {
    assert(phase == .new)
    let filter = try self.filter ?? make(context())
    self.filter = filter
    phase = .establishing
    try filter.start(&network)
  }

  /// Passes the unread bytes to the filter.
  ///
  /// - Returns: the filter's answer.
  mutating func receive(_ input: inout RingBuffer, reply: inout RingBuffer) throws -> FilterState {
    assert(phase == .establishing || phase == .established)
    assert(isMade)
    guard let filter else { return .ended }
    let state: FilterState
    if isFinished {
      // Nothing is sent behind the end of the output.
      var dropped = RingBuffer()
      state = try filter.receive(&unread, &input, reply: &dropped)
    } else {
      state = try filter.receive(&unread, &input, reply: &reply)
    }
    switch state {
    case .establishing: break
    case .established, .passThrough: phase = .established
    case .ended:
      phase = .inputEnded
      unread = RingBuffer()
    }
    return state
  }

  /// Takes in that no more bytes come from below.
  ///
  /// - Throws: what the filter throws, or `FilterEndedEarly` if it is not established.
  mutating func endInput() throws {
    assert(isMade)
    if phase == .inputEnded { return }
    if phase != .new { try filter?.networkEnded() }
    guard phase == .established else { throw FilterEndedEarly() }
    phase = .inputEnded
    unread = RingBuffer()
  }

  // MARK: Down

  /// Passes the unsent bytes to the filter, and the end of the output behind them.
  ///
  /// - Parameter isLast: whether no more output comes from above.
  /// - Returns: whether no more output comes from this filter either.
  mutating func send(isLast: Bool, into network: inout RingBuffer) throws -> Bool {
    assert(isMade)
    guard takesOutput, let filter else { return isLast && unsent.isEmpty }
    if isFinished { return true }
    if !unsent.isEmpty { try filter.send(&unsent, &network) }
    guard isLast, unsent.isEmpty else { return false }
    isFinished = true
    filter.finish(&network)
    return true
  }
}

/// The peer's stream has ended before a filter was established.
struct FilterEndedEarly: Error, CustomStringConvertible {
  var description: String { "the peer has ended its stream before the filter was established" }
}
