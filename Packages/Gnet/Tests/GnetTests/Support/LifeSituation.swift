@testable import Gnet

/// The life of a connection, and something that happens to it.
struct LifeSituation: Hashable, CustomStringConvertible {
  var life: StreamLife
  var pending: StreamLife.Pending
  var event: StreamLife.Event

  var description: String {
    "\(life.phase), ending \(life.ending), flags \(life.flags.rawValue), pending \(pending), \(event)"
  }

  /// The answer of the life, and the life after it.
  var outcome: (step: StreamLife.Step, after: StreamLife) {
    var after = life
    let step = after.step(event, pending: pending)
    return (step, after)
  }

  /// Calls `body` with every situation there is in a phase: 590 thousand.
  static func forEach(in phase: StreamLife.Phase, _ body: (LifeSituation) -> Void) {
    for life in StreamLife.all(in: phase) { forEach(of: life, body) }
  }

  static func forEach(of life: StreamLife, _ body: (LifeSituation) -> Void) {
    for pending in StreamLife.Pending.allCases {
      for event in StreamLife.Event.all { body(LifeSituation(life: life, pending: pending, event: event)) }
    }
  }
}

/// A situation with its outcome.
struct LifeCase {
  let situation: LifeSituation
  let step: StreamLife.Step
  let after: StreamLife

  var life: StreamLife { situation.life }
  var pending: StreamLife.Pending { situation.pending }

  /// The situations of an open connection that differ in what its life may look at. The flags that it leaves to others
  /// make no difference, which a test of its own shows in all situations.
  static let all: [LifeCase] = StreamLife.all(in: .open).flatMap { life -> [LifeCase] in
    guard life.flags.rawValue & StreamLife.Flags.leftToOthers.rawValue == 0 else { return [] }
    var cases: [LifeCase] = []
    LifeSituation.forEach(of: life) { situation in
      let (step, after) = situation.outcome
      cases.append(LifeCase(situation: situation, step: step, after: after))
    }
    return cases
  }
}

extension StreamLife {
  /// Every ending with every set of flags, in a phase.
  static func all(in phase: Phase) -> [StreamLife] {
    Ending.allCases.flatMap { ending in
      (0...Flags.all.rawValue).map { StreamLife(phase: phase, ending: ending, flags: Flags(rawValue: $0)) }
    }
  }
}

extension StreamLife.Flags {
  /// The flags that are kept with a life for others to look at.
  static let leftToOthers: Self = [.hasSent, .hasRequests]
}

extension StreamLife.Event {
  static let all: [Self] = [
    .settled, .inputEnded(mayAnswer: false), .inputEnded(mayAnswer: true), .inputExhausted, .hungUp, .queued,
  ]
  static let inputEnds: [Self] = [.inputEnded(mayAnswer: false), .inputEnded(mayAnswer: true)]
}

extension StreamLife: Hashable {
  func hash(into hasher: inout Hasher) {
    hasher.combine(UInt32(flags.rawValue) | UInt32(ending.rawValue) << 16 | UInt32(phase.rawValue) << 24)
  }
}
