import Poller

@testable import Gnet

/// The rules for the life of an open connection, as its documentation and the promises to handlers tell them.
enum LifeRules {
  /// A step, without what is to be watched for.
  enum Step {
    case nothing, watch, readRest, react, drained, settle, endOutput, breakOutput, close, abort, detach, free
    /// The event cannot come, and its step does not matter.
    case impossible

    init(_ step: StreamLife.Step) {
      switch step {
      case .none: self = .nothing
      case .watch: self = .watch
      case .readRest: self = .readRest
      case .react: self = .react
      case .drained: self = .drained
      case .settle: self = .settle
      case .endOutput: self = .endOutput
      case .breakOutput: self = .breakOutput
      case .close: self = .close
      case .abort: self = .abort
      case .detach: self = .detach
      case .free: self = .free
      }
    }
  }

  static let step = Table<Step>(
    name: "what is done next",
    rules: settledSteps + inputSteps + [
      rule(
        "a peer that had ended its stream and got everything may go", .close, on: [.hungUp], with: .inputEnded,
        without: full.union(.aborted), pending: [.none], isHeld: false),
      rule(
        "but its handler keeps the bytes that it holds", .nothing, on: [.hungUp], without: full.union(.aborted),
        pending: [.none], isHeld: true),
      rule(
        "but bytes that its handler has left are offered first", .breakOutput, on: [.hungUp], with: .inputEnded,
        withAny: full, without: .aborted, pending: [.none]),
      rule(
        "and an abort stays an abort", .breakOutput, on: [.hungUp], with: [.inputEnded, .aborted], pending: [.none]),
      rule(
        "a peer that goes without having got everything loses it", .breakOutput, on: [.hungUp], with: .inputEnded,
        pending: someOutput),
      rule("what a peer sent before it went is still to be read", .breakOutput, on: [.hungUp], without: .inputEnded),

      rule("a connection that others have changed is settled", .settle, on: [.queued], with: .settleDue),
      rule(
        "an abort is never left to the run queue", .impossible, on: [.queued], with: .aborted, without: .settleDue),
      rule(
        "a handler is told that its output has drained, or was lost", .drained, on: [.queued], ending: [.none],
        with: .drainedDue, without: [.settleDue, .aborted]),
      rule(
        "where output was lost, the rest of the input is read", .readRest, on: [.queued], ending: [.none],
        without: [.settleDue, .aborted, .drainedDue], readsRest: true),
      rule(
        "also where the connection is to be ended", .readRest, on: [.queued], ending: anEnd, with: .outputBroken,
        without: [.settleDue, .aborted]),
      rule(
        "a handler is not called while its output is full", .nothing, on: [.queued], ending: [.none],
        with: .outputFull, without: [.settleDue, .aborted, .drainedDue], readsRest: false),
      rule(
        "a handler that asked to be called is called", .react, on: [.queued], ending: [.none],
        with: .wakeRequested, without: [.settleDue, .aborted, .drainedDue, .outputFull], readsRest: false),
      rule(
        "a handler whose request was served along with a drain is not called again", .nothing, on: [.queued],
        ending: [.none], without: [.settleDue, .aborted, .drainedDue, .outputFull, .wakeRequested], readsRest: false),
      rule(
        "a handler that has ended its connection is not called any more", .nothing, on: [.queued], ending: anEnd,
        without: [.settleDue, .aborted, .outputBroken]),
    ])

  private static let settledSteps: [Table<Step>.Rule] = [
    rule("an abort is an end at once", .abort, on: [.settled], with: .aborted),
    rule(
      "a connection to be closed is closed when its output was sent", .close, on: [.settled], ending: [.close],
      without: .aborted, pending: [.none]),
    rule(
      "a connection to be detached is detached when its output was sent", .detach, on: [.settled],
      ending: [.detach], without: [.aborted, .outputBroken, .outputEnding], pending: [.none]),
    rule(
      "also when the end of its output was told", .detach, on: [.settled], ending: [.detach],
      with: [.outputEnding, .outputEnded], without: [.aborted, .outputBroken], pending: [.none]),
    rule(
      "the end of the output is told before a detach", .endOutput, on: [.settled], ending: [.detach],
      with: .outputEnding, without: [.aborted, .outputBroken, .outputEnded], pending: [.none]),
    rule(
      "a connection whose output was lost is not detached but closed", .close, on: [.settled], ending: [.detach],
      with: .outputBroken, without: .aborted, pending: [.none]),
    rule(
      "a connection goes on while it has output", .watch, on: [.settled], without: .aborted, pending: someOutput),
    rule(
      "the end of the output is told when the output was sent", .endOutput, on: [.settled], ending: [.none],
      with: .outputEnding, without: [.outputEnded, .outputBroken, .aborted], pending: [.none]),
    rule(
      "not where the output was lost", .watch, on: [.settled], ending: [.none], with: [.outputEnding, .outputBroken],
      without: [.outputEnded, .aborted], pending: [.none]),
    rule(
      "with both directions ended the connection is closed", .close, on: [.settled], ending: [.none],
      with: [.inputEnded, .outputEnded], without: .aborted, pending: [.none], isHeld: false),
    rule(
      "unless its handler holds the last bytes", .watch, on: [.settled], with: .outputEnded, without: .aborted,
      pending: [.none], isHeld: true),
    rule(
      "a connection whose output has ended goes on", .watch, on: [.settled], ending: [.none],
      with: .outputEnded, without: [.inputEnded, .aborted], pending: [.none]),
    rule(
      "a connection that is not to be ended goes on", .watch, on: [.settled], ending: [.none],
      without: [.outputEnding, .outputEnded, .aborted], pending: [.none]),
  ]

  private static let inputSteps: [Table<Step>.Rule] = [
    rule(
      "nothing is received while output is full", .impossible, on: Event.inputEnds + [.inputExhausted], withAny: full),
    rule(
      "where output was lost, the end of the input is the end of the connection", .close, on: Event.inputEnds,
      with: .outputBroken, without: full, keepsBytes: false),
    rule(
      "unless its handler holds the last bytes", .settle, on: Event.inputEnds, with: .outputBroken, without: full,
      keepsBytes: true),
    rule(
      "nothing is received once an end is due", .impossible, on: Event.inputEnds, ending: anEnd,
      without: full.union(.outputBroken)),
    rule(
      "nothing is received after an abort", .impossible, on: Event.inputEnds, ending: [.none], with: .aborted,
      without: full.union(.outputBroken)),
    rule(
      "with half-closure, the handler hears of the end of the input", .react, on: [.inputEnded(mayAnswer: true)],
      ending: [.none], without: full.union([.outputBroken, .outputEnded, .aborted])),
    rule(
      "unless its output has ended before, which leaves nothing to do", .settle, on: [.inputEnded(mayAnswer: true)],
      ending: [.none], with: .outputEnded, without: full.union([.outputBroken, .aborted]), keepsBytes: false),
    rule(
      "without half-closure, the end of the input closes when output was sent", .settle,
      on: [.inputEnded(mayAnswer: false)], ending: [.none], without: full.union([.outputBroken, .aborted]),
      keepsBytes: false),
    rule(
      "in both cases, a handler is offered the bytes before that it comes back for", .react,
      on: [.inputEnded(mayAnswer: true)], ending: [.none], with: .outputEnded,
      without: full.union([.outputBroken, .aborted]), keepsBytes: true),
    rule(
      "with half-closure or without", .react, on: [.inputEnded(mayAnswer: false)], ending: [.none],
      without: full.union([.outputBroken, .aborted]), keepsBytes: true),
    rule(
      "where output was lost and all input was read, the connection is closed", .close, on: [.inputExhausted],
      with: .outputBroken, without: full),
    rule(
      "otherwise more input may come", .nothing, on: [.inputExhausted], without: full.union(.outputBroken)),
  ]

  /// The changes that an event leaves behind.
  struct Change {
    var sets: Flags = []
    var clears: Flags = []
    var ending: StreamLife.Ending?
  }

  static let change = Table<Change>(
    name: "what changes",
    rules: [
      rule("an abort leaves everything as it was", Change(), on: [.settled], with: .aborted),
      rule(
        "a close leaves everything as it was", Change(), on: [.settled], ending: [.close], without: .aborted,
        pending: [.none]),
      rule(
        "a detach leaves everything as it was", Change(), on: [.settled], ending: [.detach],
        without: [.aborted, .outputEnding], pending: [.none]),
      rule(
        "also with the end of the output told", Change(), on: [.settled], ending: [.detach],
        with: [.outputEnding, .outputEnded], without: .aborted, pending: [.none]),
      rule(
        "or with the output lost", Change(), on: [.settled], ending: [.detach],
        with: [.outputEnding, .outputBroken], without: [.aborted, .outputEnded], pending: [.none]),
      rule(
        "before which the end of the output is told", Change(sets: .outputEnded), on: [.settled], ending: [.detach],
        with: .outputEnding, without: [.aborted, .outputEnded, .outputBroken], pending: [.none]),
      rule(
        "output at the high watermark is full, and a drain that was not told of never was",
        Change(sets: .outputFull, clears: .drainedDue), on: [.settled], without: .aborted, pending: [.high]),
      rule(
        "output between the watermarks is as full as it was", Change(), on: [.settled],
        without: [.outputFull, .aborted],
        pending: [.middle]),
      rule(
        "and if it is full again, it has not drained", Change(clears: .drainedDue), on: [.settled], with: .outputFull,
        without: .aborted, pending: [.middle]),
      rule(
        "full output has drained at the low watermark", Change(sets: .drainedDue, clears: .outputFull),
        on: [.settled], with: .outputFull, without: .aborted, pending: [.low]),
      rule(
        "output that was not full has not", Change(), on: [.settled], without: [.outputFull, .aborted],
        pending: [.low]),
      rule(
        "the end of the output is told once", Change(sets: .outputEnded), on: [.settled], ending: [.none],
        with: .outputEnding, without: [.outputEnded, .outputBroken, .aborted], pending: [.none]),
      rule(
        "a connection with both directions ended is closed as it was", Change(), on: [.settled], ending: [.none],
        with: [.inputEnded, .outputEnded], without: .aborted, pending: [.none], isHeld: false),
      rule(
        "or goes on, if its handler holds the last bytes, with its output drained",
        Change(sets: .drainedDue, clears: .outputFull), on: [.settled], with: [.outputEnded, .outputFull],
        without: .aborted, pending: [.none], isHeld: true),
      rule(
        "or as it was", Change(), on: [.settled], with: .outputEnded, without: [.aborted, .outputFull],
        pending: [.none], isHeld: true),
      rule(
        "full output has drained when all was sent", Change(sets: .drainedDue, clears: .outputFull), on: [.settled],
        ending: [.none], with: .outputFull, without: [.outputEnding, .outputEnded, .aborted], pending: [.none]),
      rule(
        "also when its end was told", Change(sets: .drainedDue, clears: .outputFull), on: [.settled],
        ending: [.none], with: [.outputFull, .outputEnded], without: [.inputEnded, .aborted], pending: [.none]),
      rule(
        "or when it was lost before its end", Change(sets: .drainedDue, clears: .outputFull), on: [.settled],
        ending: [.none], with: [.outputFull, .outputEnding, .outputBroken], without: [.outputEnded, .aborted],
        pending: [.none]),
      rule(
        "output that was not full has not drained when all was sent", Change(), on: [.settled], ending: [.none],
        without: [.outputFull, .outputEnding, .outputEnded, .aborted], pending: [.none]),
      rule(
        "nor when its end was told", Change(), on: [.settled], ending: [.none], with: .outputEnded,
        without: [.inputEnded, .outputFull, .aborted], pending: [.none]),
      rule(
        "nor when it was lost before its end", Change(), on: [.settled], ending: [.none],
        with: [.outputEnding, .outputBroken], without: [.outputEnded, .outputFull, .aborted], pending: [.none]),

      rule(
        "where output was lost, which is an end by itself, the end of the input is remembered",
        Change(sets: .inputEnded), on: Event.inputEnds, with: .outputBroken),
      rule(
        "with half-closure it is remembered, too", Change(sets: .inputEnded), on: [.inputEnded(mayAnswer: true)],
        without: [.outputBroken, .outputEnded]),
      rule(
        "and ends the connection where output has ended", Change(sets: .inputEnded, ending: .close),
        on: [.inputEnded(mayAnswer: true)], with: .outputEnded, without: .outputBroken, keepsBytes: false),
      rule(
        "unless the handler comes back for bytes", Change(sets: .inputEnded), on: [.inputEnded(mayAnswer: true)],
        with: .outputEnded, without: .outputBroken, keepsBytes: true),
      rule(
        "without half-closure it ends the connection", Change(sets: .inputEnded, ending: .close),
        on: [.inputEnded(mayAnswer: false)], without: .outputBroken, keepsBytes: false),
      rule(
        "or the output, if the handler comes back for bytes", Change(sets: [.inputEnded, .outputEnding]),
        on: [.inputEnded(mayAnswer: false)], without: .outputBroken, keepsBytes: true),
      rule("what was read or lost changes nothing", Change(), on: [.inputExhausted, .hungUp]),

      rule("a connection is settled once", Change(clears: .settleDue), on: [.queued], with: .settleDue),
      rule(
        "a drain is told once, and a wake is kept for the call that follows", Change(clears: .drainedDue),
        on: [.queued], ending: [.none], with: .drainedDue, without: .settleDue),
      rule(
        "a wake is kept while output is full", Change(), on: [.queued], ending: [.none], with: .outputFull,
        without: [.settleDue, .drainedDue], readsRest: false),
      rule(
        "a handler that is called has to ask again", Change(clears: .wakeRequested), on: [.queued], ending: [.none],
        without: [.settleDue, .drainedDue, .outputFull], readsRest: false),
      rule(
        "a handler whose output was lost keeps its request", Change(), on: [.queued], ending: [.none],
        without: [.settleDue, .drainedDue], readsRest: true),
      rule(
        "a handler that has ended its connection keeps its request", Change(), on: [.queued], ending: anEnd,
        without: .settleDue),
    ])

  /// Whether a connection that goes on is read from.
  static let isRead = Table<Bool>(
    name: "whether it is read from",
    rules: [
      rule("not when it is to be ended", false, ending: anEnd),
      rule("not after the end of the input", false, ending: [.none], with: .inputEnded),
      rule(
        "not when the handler has paused reading", false, ending: [.none], with: .readingPaused,
        without: .inputEnded),
      rule(
        "not while its output is at the high watermark", false, ending: [.none],
        without: [.inputEnded, .readingPaused], pending: [.high]),
      rule(
        "not after that, until the handler was told that its output has drained", false, ending: [.none],
        withAny: full, without: [.inputEnded, .readingPaused], pending: [.none, .low, .middle]),
      rule(
        "below the high watermark, if it was never there", true, ending: [.none],
        without: full.union([.inputEnded, .readingPaused]), pending: [.none, .low, .middle]),
    ])

  /// Whether a connection that goes on is put in the run queue.
  static let isQueued = Table<Bool>(
    name: "whether it is queued",
    rules: [
      rule("when the rest of the input is to be read, as output was lost", true, readsRest: true),
      rule(
        "not when the handler's connection is to be ended", false, ending: anEnd, readsRest: false),
      rule(
        "not while output is at the high watermark", false, ending: [.none], pending: [.high], readsRest: false),
      rule(
        "not after that, until it is at the low one", false, ending: [.none], with: .outputFull, pending: [.middle],
        readsRest: false),
      rule(
        "when it is", true, ending: [.none], with: .outputFull, pending: [.none, .low], readsRest: false),
      rule(
        "when the handler is to be told of a drain or wants to be called", true, ending: [.none],
        withAny: [.drainedDue, .wakeRequested], without: .outputFull, pending: [.none, .low, .middle],
        readsRest: false),
      rule(
        "not when the handler wants nothing", false, ending: [.none],
        without: [.drainedDue, .wakeRequested, .outputFull], pending: [.none, .low, .middle], readsRest: false),
    ])

  // MARK: Spelling

  private typealias Event = StreamLife.Event
  typealias Flags = StreamLife.Flags
  typealias Table<Decision: Sendable> = DecisionTable<LifeSituation, Decision>

  /// The states in which output was at the high watermark, and the handler does not know that it has drained.
  private static let full: Flags = [.outputFull, .drainedDue]
  private static let anEnd: [StreamLife.Ending] = [.detach, .close]
  private static let someOutput: [StreamLife.Pending] = [.low, .middle, .high]

  private static func rule<Decision: Sendable>(
    _ text: String, _ decision: Decision, on events: [StreamLife.Event] = [],
    ending endings: [StreamLife.Ending] = [], with present: Flags = [], withAny someOf: Flags = [],
    without absent: Flags = [], pending amounts: [StreamLife.Pending] = [], isHeld: Bool? = nil,
    keepsBytes: Bool? = nil, readsRest: Bool? = nil
  ) -> Table<Decision>.Rule {
    // Numbers, since generic sets are slow where nothing is optimised.
    let (present, someOf, absent) = (present.rawValue, someOf.rawValue, absent.rawValue)
    return .init(text: text, decision: decision) { situation in
      let flags = situation.life.flags.rawValue
      return flags & present == present && flags & absent == 0 && (someOf == 0 || flags & someOf != 0)
        && (events.isEmpty || events.contains(situation.event))
        && (endings.isEmpty || endings.contains(situation.life.ending))
        && (amounts.isEmpty || amounts.contains(situation.pending))
        && (keepsBytes == nil || situation.keepsBytes == keepsBytes)
        && (isHeld == nil || situation.isHeld == isHeld) && (readsRest == nil || situation.readsRest == readsRest)
    }
  }
}

extension LifeSituation {
  /// Whether the handler has paused reading with bytes left, still pauses or wants to be called for them, and has not
  /// ended its connection.
  fileprivate var keepsBytes: Bool {
    let isBusy = life.flags.contains(.readingPaused) || life.flags.contains(.wakeRequested)
    return life.ending == .none && life.flags.contains(.holdsInput) && isBusy
  }

  /// The same after the end of the peer's stream: the last bytes.
  fileprivate var isHeld: Bool { keepsBytes && life.flags.contains(.inputEnded) }

  /// Whether output was lost, and the rest of the input is to be read.
  fileprivate var readsRest: Bool { life.flags.contains(.outputBroken) && !isHeld }
}
