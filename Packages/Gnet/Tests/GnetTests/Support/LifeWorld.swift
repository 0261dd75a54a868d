import Poller
import Testing

@testable import Gnet

/// A connection without its socket: a life, and of everything around it what the life can see.
///
/// Applies the steps that the life asks for as a loop does, and offers whatever the peer, the kernel and the handler may
/// do next.
struct LifeWorld: Hashable {
  /// The life's state.
  var life = StreamLife(phase: .open)
  var pending = StreamLife.Pending.none
  var interest = Poller.Interest.readable
  var isQueued = false
  /// The end that the connection came to, if it has.
  var end: StreamLife.Ending?
  /// The rules that were broken on the way here.
  var faults: [String] = []

  // MARK: What may happen

  /// A move of the peer, the kernel, another thread or the loop.
  enum Move: CaseIterable {
    case sent, endedStream, nothingLeft, tookSome, tookAll, tookNothing, brokeOff, hungUp, turn, handleClosed,
      handleWoke
  }

  /// Everything that a handler may do in a callback: end the connection, write, pause, and ask to be called again.
  struct Callback {
    var ending = StreamLife.Ending.none
    /// The output that is pending after the callback; `nil` where sending has failed.
    var pending: StreamLife.Pending? = StreamLife.Pending.none
    var pauses = false
    var wakes = false

    static let all: [Callback] = StreamLife.Ending.allCases.flatMap { ending in
      (StreamLife.Pending.allCases + [nil]).flatMap { pending in
        [false, true].flatMap { pauses in
          [false, true].map { Callback(ending: ending, pending: pending, pauses: pauses, wakes: $0) }
        }
      }
    }
  }

  /// Whether the move can happen now.
  func allows(_ move: Move) -> Bool {
    switch move {
    case .sent, .endedStream: interest.contains(.readable) || readsRest
    case .nothingLeft: readsRest
    case .tookSome, .tookAll, .tookNothing, .brokeOff: interest.contains(.writable)
    case .hungUp: !interest.contains(.readable)
    case .turn: isQueued
    case .handleClosed, .handleWoke: true
    }
  }

  /// Whether the loop reads without being asked to by readiness.
  private var readsRest: Bool { isQueued && life.flags.contains(.outputBroken) }

  // MARK: What it leads to

  /// Makes a move; a handler that is called in its course does what `callback` says.
  mutating func make(_ move: Move, mayAnswer: Bool, _ callback: Callback) {
    switch move {
    case .sent: receive { $0.react(callback) }
    case .endedStream: receive { $0.take(.inputEnded(mayAnswer: mayAnswer), callback) }
    case .nothingLeft: receive { $0.take(.inputExhausted, callback) }
    case .tookNothing: settle(callback)
    case .tookSome:
      if pending == .high { pending = .middle } else if pending == .middle { pending = .low }
      settle(callback)
    case .tookAll:
      pending = .none
      settle(callback)
    case .brokeOff:
      breakOutput()
      settle(callback)
    case .hungUp: take(.hungUp, callback)
    case .turn:
      isQueued = false
      take(.queued, callback)
    case .handleClosed:
      life.end(.close)
      settle(callback)
    case .handleWoke: if life.ending == .none { react(callback) }
    }
  }

  /// Receives: because the socket is readable, or in the connection's turn after its output was lost.
  private mutating func receive(_ outcome: (inout LifeWorld) -> Void) {
    let isTurn = readsRest
    if isTurn { isQueued = false }
    outcome(&self)
    if isTurn && end == nil { isQueued = true }
  }

  private mutating func take(_ event: StreamLife.Event, _ callback: Callback) {
    let situation = LifeSituation(life: life, pending: pending, event: event)
    if LifeRules.step(situation) == .impossible { faults.append("\(situation) has come") }
    switch life.step(event, pending: pending) {
    case .none: break
    case .watch(let interest, let again):
      self.interest = interest
      if again { isQueued = true }
    case .readRest: isQueued = true
    case .react: react(callback)
    case .settle: settle(callback)
    case .breakOutput:
      breakOutput()
      settle(callback)
    case .close: end(with: .close)
    case .detach: end(with: .detach)
    case .free: faults.append("an open connection is freed")
    }
  }

  private mutating func react(_ callback: Callback) {
    if end != nil { faults.append("react comes after the end") }
    if life.ending != .none { faults.append("react comes after a handler has ended its connection") }
    life.flags.remove(.readingPaused)
    if callback.pauses { life.flags.insert(.readingPaused) }
    if callback.wakes { life.flags.insert(.wakeRequested) }
    life.end(callback.ending)
    if life.flags.contains(.outputBroken) {
      // What is written now is dropped.
    } else if let more = callback.pending {
      let levels = StreamLife.Pending.allCases
      pending = levels[max(levels.firstIndex(of: pending)!, levels.firstIndex(of: more)!)]
    } else {
      breakOutput()
    }
    settle(callback)
  }

  private mutating func settle(_ callback: Callback) {
    if life.isSteady && interest == .readable && pending == .none { return }
    take(.settled, callback)
  }

  private mutating func breakOutput() {
    life.flags.insert(.outputBroken)
    pending = .none
    if life.ending == .none { isQueued = true }
  }

  private mutating func end(with ending: StreamLife.Ending) {
    if end != nil { faults.append("the connection ends twice") }
    end = ending
    life.phase = .ended
    isQueued = false
  }
}

extension StreamLife: Hashable {
  func hash(into hasher: inout Hasher) {
    hasher.combine(phase)
    hasher.combine(ending)
    hasher.combine(flags)
  }
}
