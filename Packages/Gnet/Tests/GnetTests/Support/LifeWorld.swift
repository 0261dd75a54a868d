import Poller
import Testing

@testable import Gnet

/// A connection without its socket: a life, and of everything around it what the life can see.
///
/// Applies the steps that the life asks for as a loop does, and offers the possible next acts of the peer, the kernel
/// and the handler.
struct LifeWorld {
  /// The life's state.
  var life = StreamLife(phase: .open)
  var pending = StreamLife.Pending.none
  var interest = Poller.Interest.readable
  var isQueued = false
  /// Whether the handler has left bytes since its output was full.
  var hasLeftBytes = false
  /// Whether output was full since the handler was last told of a drain.
  var wasFull = false
  /// Whether the peer was told of the end of the output.
  var isPeerTold = false
  /// The end that the connection came to, if it has.
  var end: StreamLife.Ending?
  /// The rules that were broken on the way here.
  var faults: [String] = []
  /// Whether the last move has asked for the callback. No part of the state.
  var hasUsedCallback = false

  // MARK: What may happen

  /// A move of the peer, the kernel, another connection or thread, or the loop.
  enum Move: CaseIterable {
    case sent, endedStream, nothingLeft, tookSome, tookAll, tookNothing, brokeOff, hungUp, turn, handleClosed,
      handleWoke, lent
  }

  /// Everything that a handler may do in a callback, and the state of its output afterwards.
  struct Callback {
    var ending = StreamLife.Ending.none
    var output = Output.pending(.none)
    var others: Others = []

    enum Output: Equatable {
      /// The same number of bytes is pending after the callback.
      case pending(StreamLife.Pending)
      /// Output has reached the high watermark, and the kernel has taken everything.
      case filled
      /// Sending has failed.
      case broken

      static let all: [Output] = StreamLife.Pending.allCases.map { .pending($0) } + [.filled, .broken]
    }

    struct Others: OptionSet {
      let rawValue: UInt8

      static let pauses = Others(rawValue: 1 << 0)
      static let wakes = Others(rawValue: 1 << 1)
      static let endsOutput = Others(rawValue: 1 << 2)
      static let aborts = Others(rawValue: 1 << 3)

      static let all: [Others] = (0..<16).map { Others(rawValue: $0) }
    }

    static let all: [Callback] = StreamLife.Ending.allCases.flatMap { ending in
      Output.all.flatMap { output in
        Others.all.map { Callback(ending: ending, output: output, others: $0) }
      }
    }

    /// The callbacks that lead to different ends: beside an abort nothing else matters, and beside another end only the
    /// output.
    static let decisive: [Callback] = all.filter { callback in
      if callback.others.contains(.aborts) {
        return callback.others == .aborts && callback.ending == .none && callback.output == .pending(.none)
      }
      return callback.ending == .none || callback.others.isEmpty
    }
  }

  /// Whether the move can happen now.
  func allows(_ move: Move) -> Bool {
    switch move {
    case .sent, .endedStream: interest.contains(.readable) && life.wantsInput || readsRest
    case .nothingLeft: readsRest
    case .tookSome, .tookAll, .tookNothing, .brokeOff: interest.contains(.writable)
    case .hungUp: !interest.contains(.readable)
    case .turn: isQueued && !readsRest
    case .handleClosed, .handleWoke, .lent: true
    }
  }

  /// Whether the loop reads in the connection's turn, without being asked to by readiness.
  private var readsRest: Bool {
    var life = life
    return isQueued && life.step(.queued, pending: pending) == .readRest
  }

  /// Whether the handler holds the last bytes of its peer.
  var isHeld: Bool {
    let flags = life.flags
    return end == nil && life.ending == .none && flags.isSuperset(of: [.holdsInput, .inputEnded])
      && !flags.isDisjoint(with: [.readingPaused, .wakeRequested])
  }

  // MARK: What it leads to

  /// Makes a move; a handler that is called in its course does what `callback` says.
  mutating func make(_ move: Move, mayAnswer: Bool, _ callback: Callback) {
    hasUsedCallback = false
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
    case .handleWoke:
      if life.mayReact { return react(callback) }
      life.flags.insert(.wakeRequested)
      settle(callback)
    case .lent: lend(callback)
    }
  }

  /// Receives: because the socket is readable, or in the connection's turn after its output was lost.
  private mutating func receive(_ outcome: (inout LifeWorld) -> Void) {
    let isTurn = readsRest
    if isTurn { isQueued = false }
    outcome(&self)
    if isTurn && end == nil && !life.flags.contains(.inputEnded) { isQueued = true }
  }

  private mutating func take(_ event: StreamLife.Event, _ callback: Callback) {
    if event != .settled {
      let situation = LifeSituation(life: life, pending: pending, event: event)
      if LifeRules.step(situation) == .impossible { faults.append("\(situation) has come") }
    }
    switch life.step(event, pending: pending) {
    case .none: break
    case .watch(let interest, let again):
      self.interest = interest
      if again { isQueued = true }
    case .readRest: faults.append("the rest of the input is read out of turn")
    case .react: react(callback)
    case .drained: drained(callback)
    case .settle: flush(callback)
    case .endOutput: endOutput(callback)
    case .breakOutput:
      breakOutput()
      settle(callback)
    case .close: close()
    case .abort: end(with: .close)
    case .detach: end(with: .detach)
    case .free: faults.append("an open connection is freed")
    }
  }

  private mutating func react(_ callback: Callback) {
    if life.flags.contains(.outputFull) || life.flags.contains(.drainedDue) || pending == .high {
      faults.append("react comes while output is full")
    }
    hasLeftBytes = false
    life.flags.remove(.holdsInput)
    call(callback)
    // At its most, a handler that pauses leaves bytes. Bytes left for other reasons are the handler's own.
    if life.flags.contains(.readingPaused) { life.flags.insert(.holdsInput) }
    if life.flags.contains(.outputFull) || pending == .high { hasLeftBytes = true }
    settle(callback)
  }

  private mutating func drained(_ callback: Callback) {
    if !wasFull { faults.append("drained comes though output was not full") }
    if pending == .high || life.flags.contains(.outputFull) { faults.append("drained comes while output is full") }
    wasFull = false
    call(callback)
    settle(callback)
    guard life.mayReact, hasLeftBytes || life.flags.contains(.wakeRequested) else { return }
    life.flags.remove(.wakeRequested)
    // At its most, a handler uses both calls in the same way.
    react(callback)
  }

  /// A callback of the handler, up to its end.
  private mutating func call(_ callback: Callback) {
    hasUsedCallback = true
    if end != nil { faults.append("a callback comes after the end") }
    if life.ending != .none { faults.append("a callback comes after a handler has ended its connection") }
    if life.flags.contains(.aborted) { faults.append("a callback comes after an abort") }
    if life.takesOutput && pending == .none {
      switch callback.output {
      case .pending(let amount): pending = amount
      case .filled: life.flags.insert(.outputFull)
      case .broken: breakOutput()
      }
    } else if life.takesOutput, case .pending(let amount) = callback.output {
      raisePending(to: amount)
    }
    if life.flags.contains(.outputFull) || pending == .high { wasFull = true }
    apply(callback)
  }

  /// Another connection's callback uses the connection: what it has written waits until the connection is settled.
  private mutating func lend(_ callback: Callback) {
    hasUsedCallback = true
    if life.takesOutput {
      switch callback.output {
      case .pending(let amount): raisePending(to: amount)
      case .filled: raisePending(to: .high)
      case .broken: break
      }
    }
    if pending == .high {
      life.flags.insert(.outputFull)
      wasFull = true
    }
    apply(callback)
    life.flags.insert(.settleDue)
    isQueued = true
  }

  /// The deeds of a handler beside writing.
  private mutating func apply(_ callback: Callback) {
    life.flags.remove(.readingPaused)
    if callback.others.contains(.pauses) { life.flags.insert(.readingPaused) }
    if callback.others.contains(.wakes) { life.flags.insert(.wakeRequested) }
    if callback.others.contains(.endsOutput) { life.flags.insert(.outputEnding) }
    if callback.others.contains(.aborts) { life.flags.insert(.aborted) }
    life.end(callback.ending)
  }

  private mutating func raisePending(to amount: StreamLife.Pending) {
    if amount.level > pending.level { pending = amount }
  }

  private mutating func settle(_ callback: Callback) {
    if life.isSteady && interest == .readable && pending == .none { return }
    take(.settled, callback)
  }

  /// Sends pending output; the callback's output says how much the kernel takes.
  private mutating func flush(_ callback: Callback) {
    if pending != .none {
      hasUsedCallback = true
      switch callback.output {
      case .pending(.none), .filled: pending = .none
      case .pending: break
      case .broken: breakOutput()
      }
    }
    settle(callback)
  }

  private mutating func endOutput(_ callback: Callback) {
    hasUsedCallback = true
    if isPeerTold { faults.append("the end of the output is told twice") }
    if pending != .none { faults.append("the end of the output is told before its last byte") }
    isPeerTold = true
    if callback.output == .broken { breakOutput() }
    take(.settled, callback)
  }

  private mutating func breakOutput() {
    life.flags.insert(.outputBroken)
    pending = .none
    if life.ending == .none { isQueued = true }
  }

  /// The end by the life's own decision.
  private mutating func close() {
    if life.flags.contains(.aborted) { faults.append("an abort ends as a close") }
    if life.ending == .none && hasLeftBytes && !isPeerTold {
      faults.append("bytes that were left are not offered before the end")
    }
    if isHeld { faults.append("bytes that are held are lost") }
    end(with: .close)
  }

  private mutating func end(with ending: StreamLife.Ending) {
    if end != nil { faults.append("the connection ends twice") }
    end = ending
    life.phase = .ended
    isQueued = false
  }
}

extension LifeWorld: Hashable {
  /// The state in one number, since thousands of worlds are compared.
  private var state: UInt64 {
    var state = UInt64(life.flags.rawValue) | UInt64(life.ending.rawValue) << 16 | UInt64(life.phase.rawValue) << 20
    state |= UInt64(interest.rawValue) << 24
    state |= pending.level << 32 | (end.map { UInt64($0.rawValue) + 1 } ?? 0) << 36
    state |= (isQueued ? 1 : 0) << 40 | (hasLeftBytes ? 1 : 0) << 41 | (wasFull ? 1 : 0) << 42
    return state | (isPeerTold ? 1 : 0) << 43
  }

  static func == (left: Self, right: Self) -> Bool { left.state == right.state && left.faults == right.faults }

  func hash(into hasher: inout Hasher) { hasher.combine(state) }
}

extension StreamLife.Pending {
  fileprivate var level: UInt64 {
    switch self {
    case .none: 0
    case .low: 1
    case .middle: 2
    case .high: 3
    }
  }
}
