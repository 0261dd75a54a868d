internal import Poller

/// The life of a stream connection: where it stands, how it is to end, and what has happened to it.
///
/// A pure value: it makes no call and knows no buffer. ``step(_:pending:)`` is told of an event and answers with what
/// is to be done next; the effects are in `Streams+Ending.swift`.
///
/// ```
///   establishing --> open --> lingering --> ended
///                     |                       ^
///                     +-----------------------+
/// ```
struct StreamLife: Equatable {
  enum Phase: UInt8, CaseIterable {
    /// The connection has a slot, and `onOpened` has not been called.
    case establishing
    /// From `onOpened` to the end.
    case open
    /// Closed, but for the descriptor: what the peer still sends is thrown away, since unread input would make the
    /// kernel send a reset, which destroys what the peer has not read yet.
    case lingering
    /// `onClosed` or `onDetached` has been called, or the slot is free: nothing more is called.
    case ended
  }

  /// How a connection is to end when its output has been sent. A later request never downgrades an earlier one.
  enum Ending: UInt8, Comparable, CaseIterable {
    case none, detach, close

    static func < (left: Ending, right: Ending) -> Bool { left.rawValue < right.rawValue }
  }

  struct Flags: OptionSet, Hashable {
    let rawValue: UInt8

    /// The peer has ended its stream.
    static let inputEnded = Flags(rawValue: 1)
    /// Pending output has reached the high watermark and not yet fallen to the low one: reading waits.
    static let outputFull = Flags(rawValue: 2)
    /// Sending has failed for good: output is dropped, and reading finds out why.
    static let outputBroken = Flags(rawValue: 4)
    /// The handler wants to be called without input.
    static let wakeRequested = Flags(rawValue: 8)
    /// The handler does not want to be read for now.
    static let readingPaused = Flags(rawValue: 16)
    /// Something was sent to the peer.
    static let hasSent = Flags(rawValue: 32)

    static let all: Flags = [.inputEnded, .outputFull, .outputBroken, .wakeRequested, .readingPaused, .hasSent]
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

  /// What is to be done next.
  enum Step: Equatable {
    /// Nothing.
    case none
    /// Watch the descriptor for this; with `again`, put the connection in the run queue.
    case watch(Poller.Interest, again: Bool)
    /// Receive, and come back to the run queue until the input has ended.
    case readRest
    /// Offer the unread bytes to the handler.
    case react
    /// Settle the connection: offer its output to the kernel, then ask again.
    case settle
    /// Give up the output, for the reason that the socket tells.
    case breakOutput
    /// Call `onClosed`, then linger or free.
    case close
    /// Hand the descriptor over.
    case detach
    /// Give the descriptor and the slot up.
    case free
  }

  var phase = Phase.ended
  var ending = Ending.none
  var flags: Flags = []

  /// Whether the connection is open and nothing but going on as before is to be done after a callback.
  @inline(__always)
  var isSteady: Bool { phase == .open && ending == .none && flags.subtracting(.hasSent).isEmpty }

  /// Whether what a handler writes still has a way to the peer.
  @inline(__always)
  var takesOutput: Bool { phase == .open && ending != .close && !flags.contains(.outputBroken) }

  /// Whether more input is wanted.
  var wantsInput: Bool { ending == .none && flags.isDisjoint(with: [.inputEnded, .outputFull, .readingPaused]) }

  /// Asks for an ending, unless a stronger one is due already.
  @inline(__always)
  mutating func end(_ requested: Ending) { ending = max(ending, requested) }

  /// Takes in an event, and answers with what is to be done next.
  ///
  /// - Parameter pending: the connection's output that the kernel has not taken.
  mutating func step(_ event: Event, pending: Pending) -> Step {
    switch phase {
    case .open: stepOpen(event, pending)
    case .lingering: stepLingering(event)
    case .establishing, .ended: .none
    }
  }

  private mutating func stepOpen(_ event: Event, _ pending: Pending) -> Step {
    switch event {
    case .settled:
      return settle(pending)
    case .inputEnded(let mayAnswer):
      flags.insert(.inputEnded)
      if flags.contains(.outputBroken) { return .close }
      if mayAnswer { return .react }
      end(.close)
      return .settle
    case .inputExhausted:
      // Where sending has failed, this was the rest of the input.
      return flags.contains(.outputBroken) ? .close : .none
    case .hungUp:
      // What the peer had sent before is still to be read, unless its end was seen already.
      return pending == .none && flags.contains(.inputEnded) ? .close : .breakOutput
    case .queued:
      if flags.contains(.outputBroken) { return .readRest }
      if ending != .none { return .none }
      flags.remove(.wakeRequested)
      return .react
    }
  }

  private mutating func settle(_ pending: Pending) -> Step {
    if pending == .none && ending != .none {
      // With output lost there is nothing to hand over: whoever took the connection would not learn of the loss.
      return ending == .detach && !flags.contains(.outputBroken) ? .detach : .close
    }
    switch pending {
    case .none, .low: flags.remove(.outputFull)
    case .middle: break
    case .high: flags.insert(.outputFull)
    }
    var interest: Poller.Interest = []
    if wantsInput { interest.insert(.readable) }
    if pending != .none { interest.insert(.writable) }
    let isWoken = flags.contains(.wakeRequested) && ending == .none
    return .watch(interest, again: isWoken || flags.contains(.outputBroken))
  }

  private func stepLingering(_ event: Event) -> Step {
    switch event {
    case .inputEnded, .hungUp: .free
    case .settled, .inputExhausted, .queued: .none
    }
  }
}
