import Poller

@testable import Gnet

/// The life of a connection, and something that happens to it.
struct LifeSituation: CustomStringConvertible {
  var life: StreamLife
  var pending: StreamLife.Pending
  var event: StreamLife.Event

  var description: String {
    "\(life.phase), ending \(life.ending), flags \(life.flags.rawValue), pending \(pending), \(event)"
  }

  /// Every situation there is.
  static let all: [LifeSituation] = StreamLife.all.flatMap { life in
    StreamLife.Pending.allCases.flatMap { pending in
      StreamLife.Event.all.map { LifeSituation(life: life, pending: pending, event: $0) }
    }
  }
}

extension StreamLife {
  /// Every phase with every ending and every set of flags.
  static let all: [StreamLife] = Phase.allCases.flatMap { phase in
    Ending.allCases.flatMap { ending in
      (0...Flags.all.rawValue).map { StreamLife(phase: phase, ending: ending, flags: Flags(rawValue: $0)) }
    }
  }
}

extension StreamLife.Event {
  static let all: [Self] = [
    .settled, .inputEnded(mayAnswer: false), .inputEnded(mayAnswer: true), .inputExhausted, .hungUp, .queued,
  ]
  static let inputEnds: [Self] = [.inputEnded(mayAnswer: false), .inputEnded(mayAnswer: true)]
}

/// The rules for the life of a connection, as its documentation and the promises to handlers tell them.
enum LifeRules {
  /// A step, without what is to be watched for.
  enum Step {
    case nothing, watch, readRest, react, settle, breakOutput, close, detach, free
    /// The event cannot come, and its step does not matter.
    case impossible

    init(_ step: StreamLife.Step) {
      switch step {
      case .none: self = .nothing
      case .watch: self = .watch
      case .readRest: self = .readRest
      case .react: self = .react
      case .settle: self = .settle
      case .breakOutput: self = .breakOutput
      case .close: self = .close
      case .detach: self = .detach
      case .free: self = .free
      }
    }
  }

  static let step = Table<Step>(
    name: "what is done next",
    rules: [
      rule("nothing happens to a connection before it is open", .nothing, in: [.establishing]),
      rule("nothing happens to a connection after its end", .nothing, in: [.ended]),
      rule(
        "when the peer of a lingering connection has ended its stream, all is given up", .free, in: [.lingering],
        on: Event.inputEnds),
      rule("when the peer of a lingering connection is gone, all is given up", .free, in: [.lingering], on: [.hungUp]),
      rule(
        "otherwise a lingering connection lingers on", .nothing, in: [.lingering],
        on: [.settled, .inputExhausted, .queued]),

      rule(
        "a connection to be closed is closed when its output was sent", .close, on: [.settled], ending: [.close],
        pending: [.none]),
      rule(
        "a connection to be detached is detached when its output was sent", .detach, on: [.settled],
        ending: [.detach], without: .outputBroken, pending: [.none]),
      rule(
        "a connection whose output was lost is not detached but closed", .close, on: [.settled], ending: [.detach],
        with: .outputBroken, pending: [.none]),
      rule(
        "a connection to be ended goes on while it has output", .watch, on: [.settled], ending: [.detach, .close],
        pending: [.low, .middle, .high]),
      rule("a connection that is not to be ended goes on", .watch, on: [.settled], ending: [.none]),

      rule(
        "where output was lost, the end of the input is the end of the connection", .close, on: Event.inputEnds,
        with: .outputBroken),
      rule(
        "with half-closure, the handler hears of the end of the input", .react, on: [.inputEnded(mayAnswer: true)],
        ending: [.none], without: .outputBroken),
      rule(
        "without half-closure, the end of the input closes when output was sent", .settle,
        on: [.inputEnded(mayAnswer: false)], ending: [.none], without: .outputBroken),
      rule(
        "nothing is received once an end is due", .impossible, on: Event.inputEnds, ending: [.detach, .close],
        without: .outputBroken),

      rule(
        "where output was lost and all input was read, the connection is closed", .close, on: [.inputExhausted],
        with: .outputBroken),
      rule("otherwise more input may come", .nothing, on: [.inputExhausted], without: .outputBroken),

      rule(
        "a peer that had ended its stream and got everything may go", .close, on: [.hungUp], with: .inputEnded,
        pending: [.none]),
      rule(
        "a peer that goes without having got everything loses it", .breakOutput, on: [.hungUp], with: .inputEnded,
        pending: [.low, .middle, .high]),
      rule("what a peer sent before it went is still to be read", .breakOutput, on: [.hungUp], without: .inputEnded),

      rule("where output was lost, the rest of the input is read", .readRest, on: [.queued], with: .outputBroken),
      rule(
        "a handler that asked to be called is called", .react, on: [.queued], ending: [.none],
        without: .outputBroken),
      rule(
        "a handler that has ended its connection is not called any more", .nothing, on: [.queued],
        ending: [.detach, .close], without: .outputBroken),
    ])

  /// The changes that an event leaves behind.
  struct Change {
    var sets: Flags = []
    var clears: Flags = []
    var ending: StreamLife.Ending?
  }

  static let change = Table<Change>(
    name: "what changes",
    rules: [
      rule("nothing changes but while a connection is open", Change(), in: [.establishing, .lingering, .ended]),
      rule("output at the high watermark is too much", Change(sets: .outputFull), on: [.settled], pending: [.high]),
      rule("output between the watermarks is as much as it was", Change(), on: [.settled], pending: [.middle]),
      rule(
        "output at the low watermark is no longer too much", Change(clears: .outputFull), on: [.settled],
        pending: [.low]),
      rule(
        "no output is no longer too much", Change(clears: .outputFull), on: [.settled], ending: [.none],
        pending: [.none]),
      rule(
        "an end leaves everything as it was", Change(), on: [.settled], ending: [.detach, .close], pending: [.none]),
      rule("the end of the input is remembered", Change(sets: .inputEnded), on: [.inputEnded(mayAnswer: true)]),
      rule(
        "and ends the connection without half-closure", Change(sets: .inputEnded, ending: .close),
        on: [.inputEnded(mayAnswer: false)], without: .outputBroken),
      rule(
        "but where output was lost, which is an end by itself", Change(sets: .inputEnded),
        on: [.inputEnded(mayAnswer: false)], with: .outputBroken),
      rule("what was read or lost changes nothing", Change(), on: [.inputExhausted, .hungUp]),
      rule(
        "a handler that is called has to ask again", Change(clears: .wakeRequested), on: [.queued], ending: [.none],
        without: .outputBroken),
      rule(
        "a handler that was ended keeps its request", Change(), on: [.queued], ending: [.detach, .close],
        without: .outputBroken),
      rule("a handler whose output was lost keeps its request", Change(), on: [.queued], with: .outputBroken),
    ])

  /// Whether a connection that goes on is read from.
  static let isRead = Table<Bool>(
    name: "whether it is read from",
    rules: [
      rule("not when it is to be ended", false, ending: [.detach, .close]),
      rule("not after the end of the input", false, ending: [.none], with: .inputEnded),
      rule(
        "not when the handler has paused reading", false, ending: [.none], with: .readingPaused,
        without: .inputEnded),
      rule(
        "not while its output is at the high watermark", false, ending: [.none],
        without: [.inputEnded, .readingPaused], pending: [.high]),
      rule(
        "not after that, until its output is at the low one", false, ending: [.none], with: .outputFull,
        without: [.inputEnded, .readingPaused], pending: [.middle]),
      rule(
        "below the high watermark, if it never was there", true, ending: [.none],
        without: [.inputEnded, .readingPaused, .outputFull], pending: [.middle]),
      rule(
        "at the low watermark", true, ending: [.none], without: [.inputEnded, .readingPaused],
        pending: [.none, .low]),
    ])

  /// Whether a connection that goes on is put in the run queue.
  static let isQueued = Table<Bool>(
    name: "whether it is queued",
    rules: [
      rule("when the rest of the input is to be read, as output was lost", true, with: .outputBroken),
      rule("when the handler wants to be called", true, ending: [.none], with: .wakeRequested, without: .outputBroken),
      rule(
        "not when the handler's connection is to be ended", false, ending: [.detach, .close],
        without: .outputBroken),
      rule("not when the handler wants nothing", false, ending: [.none], without: [.wakeRequested, .outputBroken]),
    ])

  private typealias Event = StreamLife.Event
  typealias Flags = StreamLife.Flags
  typealias Table<Decision: Sendable> = DecisionTable<LifeSituation, Decision>

  private static func rule<Decision: Sendable>(
    _ text: String, _ decision: Decision, in phases: [StreamLife.Phase] = [.open],
    on events: [StreamLife.Event] = StreamLife.Event.all,
    ending endings: [StreamLife.Ending] = [.none, .detach, .close],
    with present: Flags = [], without absent: Flags = [],
    pending amounts: [StreamLife.Pending] = StreamLife.Pending.allCases
  ) -> Table<Decision>.Rule {
    .init(text: text, decision: decision) { situation in
      phases.contains(situation.life.phase) && events.contains(situation.event)
        && endings.contains(situation.life.ending) && situation.life.flags.isSuperset(of: present)
        && situation.life.flags.isDisjoint(with: absent) && amounts.contains(situation.pending)
    }
  }
}
