internal import Poller

/// The life of a stream connection: its phase, the ending that was asked for, and what has happened to it.
///
/// A pure value: it makes no call and knows no buffer. ``step(_:pending:)`` is told of an event and answers with the
/// next thing to do; the effects are in `Streams.swift` and `Streams+Ending.swift`.
///
/// ```
///        +--------------------------------+-------------+
///        |                                v             v
///   establishing --+--> open -------+--> lingering --> ended
///                  |    ^  |        |                   ^
///                  |    |  v        |                   |
///                  +--> filtered ---+-------------------+
///                  |                                    |
///                  +--> exchanging ---------------------+
/// ```
///
/// From `establishing` to the end goes an outbound connection that is not established, or a connection whose filters are not;
/// the latter lingers where the filters have sent something. A filter that a handler adds makes an open connection filtered,
/// and filters that only pass bytes on make it open again.
struct StreamLife: Equatable {
  enum Phase: UInt8, CaseIterable {
    /// The connection has a slot: its socket connects, or its filters are being established. `opened` has not been called.
    case establishing
    /// From `opened` to the end, over a stream.
    case open
    /// The same over UDP: bytes keep the bounds of their datagrams.
    case exchanging
    /// The same over a stream with filters between the socket and the handler.
    case filtered
    /// Closed, but for the descriptor: input is thrown away, since unread input would make the kernel send a reset,
    /// which destroys what the peer has not read yet.
    case lingering
    /// `closed` or `detached` has been called, or the slot is free: nothing more is called.
    case ended
  }

  /// The way a connection is to end when its output has been sent. A later request never downgrades an earlier one.
  enum Ending: UInt8, Comparable, CaseIterable {
    case none, detach, close

    static func < (left: Ending, right: Ending) -> Bool { left.rawValue < right.rawValue }
  }

  struct Flags: OptionSet, Hashable {
    let rawValue: UInt16

    /// The peer has ended its stream.
    static let inputEnded = Flags(rawValue: 1 << 0)
    /// Pending output has reached the high watermark and not yet fallen to the low one: reading waits.
    static let outputFull = Flags(rawValue: 1 << 1)
    /// Pending output has fallen to the low watermark, and the handler has not been told.
    static let drainedDue = Flags(rawValue: 1 << 2)
    /// Sending has failed for good: output is dropped, and reading finds out why.
    static let outputBroken = Flags(rawValue: 1 << 3)
    /// The handler wants to be called without input.
    static let wakeRequested = Flags(rawValue: 1 << 4)
    /// The handler does not want to be read for now.
    static let readingPaused = Flags(rawValue: 1 << 5)
    /// Something was sent to the peer.
    static let hasSent = Flags(rawValue: 1 << 6)
    /// The handler writes nothing more; the peer is to learn of it once the output was sent.
    static let outputEnding = Flags(rawValue: 1 << 7)
    /// The peer has been told that nothing more will come.
    static let outputEnded = Flags(rawValue: 1 << 8)
    /// The handler wants the connection to end at once.
    static let aborted = Flags(rawValue: 1 << 9)
    /// Something outside of the connection's own callbacks has changed it: it is to be settled.
    static let settleDue = Flags(rawValue: 1 << 10)
    /// Something is to be done after the callback that is no matter of the life: a deadline, another handler, output of
    /// another connection.
    static let hasRequests = Flags(rawValue: 1 << 11)

    /// The handler has paused reading and left bytes unread: until it has come back for them, they are not lost with the
    /// end of the peer's stream.
    static let holdsInput = Flags(rawValue: 1 << 12)

    static let all = Flags(rawValue: 1 << 13 - 1)
  }

  /// Output that the kernel has not taken, beside the watermarks.
  enum Pending: CaseIterable {
    case none
    /// At or below the low watermark.
    case low
    /// Between the watermarks.
    case middle
    /// At or above the high watermark.
    case high
  }

  /// Something that has happened to the connection.
  enum Event: Hashable {
    /// A callback is over, or output was sent; what was written has been offered to the kernel.
    case settled
    /// The peer has ended its stream; with half-closure allowed, the handler may answer.
    case inputEnded(mayAnswer: Bool)
    /// Nothing more can be received now.
    case inputExhausted
    /// The peer is gone while its input was not wanted.
    case hungUp
    /// The connection's place in the run queue has come.
    case queued
  }

  /// The next thing to do.
  enum Step: Equatable {
    /// Nothing.
    case none
    /// Watch the descriptor for this; with `again`, put the connection in the run queue.
    case watch(Poller.Interest, again: Bool)
    /// Receive, and come back to the run queue until the input has ended.
    case readRest
    /// Offer the unread bytes to the handler.
    case react
    /// Tell the handler that its output has drained, then offer unread bytes.
    case drained
    /// Settle the connection: offer its output to the kernel, then ask again.
    case settle
    /// Tell the peer that nothing more will come, then ask again.
    case endOutput
    /// Give up the output, for the reason that the socket tells.
    case breakOutput
    /// Call `closed`, then linger or free.
    case close
    /// Drop the output and call `closed`.
    case abort
    /// Hand the descriptor over.
    case detach
    /// Give the descriptor and the slot up.
    case free
  }

  var phase = Phase.ended
  var ending = Ending.none
  var flags: Flags = []

  /// Whether the directions are independent of each other: output that is full does not hold the input up.
  var isFullDuplex: Bool {
    get { fullness.isEmpty }
    set { fullness = newValue ? [] : [.outputFull, .drainedDue] }
  }

  /// The flags of full output that hold the input up.
  private(set) var fullness: Flags = [.outputFull, .drainedDue]

  init(phase: Phase = .ended, ending: Ending = .none, flags: Flags = [], isFullDuplex: Bool = false) {
    self.phase = phase
    self.ending = ending
    self.flags = flags
    self.isFullDuplex = isFullDuplex
  }

  /// Whether the connection is open and nothing but going on as before is to be done after a callback.
  @inline(__always)
  var isSteady: Bool { phase == .open && ending == .none && hasNoConcerns }

  /// Whether the connection has been opened and has not ended.
  var isOpen: Bool { phase == .open || phase == .exchanging || phase == .filtered }

  /// Whether the connection is open over a stream.
  @inline(__always)
  var isStream: Bool { phase == .open || phase == .filtered }

  /// Whether a handler's output still has a way to the peer, without filters.
  @inline(__always)
  var takesOutput: Bool {
    phase == .open && ending != .close && flags.isDisjoint(with: [.outputBroken, .outputEnding, .aborted])
  }

  /// Whether a handler's output still has a way to the peer, through filters.
  var takesFilteredOutput: Bool { phase == .filtered && ending != .close && !dropsOutput }

  /// Whether nothing more can be sent, neither by the handler nor by filters.
  var dropsOutput: Bool { !flags.isDisjoint(with: [.outputBroken, .outputEnding, .aborted]) }

  /// Whether more input is wanted.
  @inline(__always)
  var wantsInput: Bool { ending == .none && (hasNoConcerns || reasonsAgainstInput.isEmpty) }

  /// Whether nothing has happened that holds anything up; most connections at most times.
  @inline(__always)
  private var hasNoConcerns: Bool { flags.subtracting(.hasSent).isEmpty }

  /// The flags for which no more input is wanted.
  private var reasonsAgainstInput: Flags {
    flags.intersection(fullness.union([.inputEnded, .readingPaused, .aborted]))
  }

  /// Whether more input would be wanted if the handler had not paused reading.
  var isOnlyPaused: Bool { ending == .none && reasonsAgainstInput == .readingPaused }

  /// Whether the handler may be offered bytes: not while full output holds the input up, nor at the end.
  var mayReact: Bool { isOpen && ending == .none && flags.isDisjoint(with: fullness.union(.aborted)) }

  /// Asks for an ending, unless a stronger one is due already.
  @inline(__always)
  mutating func end(_ requested: Ending) { ending = max(ending, requested) }
}
