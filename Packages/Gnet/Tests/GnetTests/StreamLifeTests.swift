import TestSupport
import Poller
import Testing

@testable import Gnet

/// Fails the test where `condition` does not hold of a situation.
private func check(
  _ condition: Bool, _ situation: LifeSituation, _ answer: @autoclosure () -> String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  TestSupport.check(condition, "\(situation): \(answer())", sourceLocation: sourceLocation)
}

extension LifeSituation {
  /// The answer of the life, and the life after it.
  var outcome: (step: StreamLife.Step, after: StreamLife) {
    var after = life
    let step = after.step(event, pending: pending)
    return (step, after)
  }
}

@Suite("the life of a connection, in every situation there is") struct StreamLifeTests {
  @Test("a connection goes on, is answered and ends as it was promised")
  func steps() {
    for situation in LifeSituation.all {
      let answer = situation.outcome.step
      guard let promised = LifeRules.step(situation), promised != .impossible else { continue }
      check(LifeRules.Step(answer) == promised, situation, "\(answer), not \(promised)")
    }
  }

  @Test("an event leaves behind what was promised, and nothing else")
  func changes() {
    for situation in LifeSituation.all {
      let (before, after) = (situation.life, situation.outcome.after)
      guard LifeRules.step(situation) != .impossible, let promised = LifeRules.change(situation) else { continue }
      let flags = before.flags.union(promised.sets).subtracting(promised.clears)
      check(after.flags == flags, situation, "flags \(after.flags.rawValue), not \(flags.rawValue)")
      let ending = promised.ending ?? before.ending
      check(after.ending == ending, situation, "ending \(after.ending), not \(ending)")
      check(after.phase == before.phase, situation, "phase \(after.phase)")
    }
  }

  @Test("a connection that goes on is read from, written to and called as its handler and its output have it")
  func watching() {
    for situation in LifeSituation.all {
      guard case .watch(let interest, let again) = situation.outcome.step else { continue }
      check(interest.contains(.readable) == LifeRules.isRead(situation), situation, "reads: \(interest)")
      check(interest.contains(.writable) == (situation.pending != .none), situation, "writes: \(interest)")
      check(again == LifeRules.isQueued(situation), situation, "queued: \(again)")
    }
  }

  // MARK: What holds whatever happens

  @Test("a connection that is to be closed is never handed over or kept instead")
  func endings() {
    for situation in LifeSituation.all {
      let (step, after) = situation.outcome
      check(after.ending >= situation.life.ending, situation, "\(after.ending)")
      if situation.life.ending == .close { check(step != .detach, situation, "\(step)") }
    }
    for (due, requested) in StreamLife.Ending.allCases.flatMap({ due in
      StreamLife.Ending.allCases.map { (due, $0) }
    }) {
      var life = StreamLife(phase: .open, ending: due)
      life.end(requested)
      #expect(life.ending >= due && life.ending >= requested && [due, requested].contains(life.ending))
    }
  }

  @Test("nobody hears of a connection before it is open or after its end")
  func silence() {
    for situation in LifeSituation.all where [.establishing, .ended].contains(situation.life.phase) {
      let (step, after) = situation.outcome
      check(step == .none && after == situation.life, situation, "\(step)")
    }
  }

  @Test("a handler is never called for a connection that lingers")
  func lingering() {
    for situation in LifeSituation.all where situation.life.phase == .lingering {
      let (step, after) = situation.outcome
      check([.none, .free].contains(step) && after == situation.life, situation, "\(step)")
    }
    for situation in LifeSituation.all where situation.outcome.step == .free {
      check(situation.life.phase == .lingering, situation)
    }
  }

  @Test("a close comes after the last byte, unless the output was lost")
  func closing() {
    for situation in LifeSituation.all where situation.outcome.step == .close {
      check(situation.pending == .none || situation.life.flags.contains(.outputBroken), situation)
      let isWanted = situation.life.ending != .none
      let isPeersEnd = !situation.life.flags.isDisjoint(with: [.inputEnded, .outputBroken])
      check(isWanted || isPeersEnd, situation, "closed, though nobody has asked for it")
    }
  }

  @Test("a connection is handed over only with all of its output sent")
  func detaching() {
    for situation in LifeSituation.all where situation.outcome.step == .detach {
      let life = situation.life
      check(life.ending == .detach && situation.pending == .none && !life.flags.contains(.outputBroken), situation)
    }
  }

  @Test("what a peer or a handler has done stays done")
  func memory() {
    let lasting: StreamLife.Flags = [.outputBroken, .readingPaused, .hasSent]
    for situation in LifeSituation.all {
      let (before, after) = (situation.life.flags, situation.outcome.after.flags)
      check(after.intersection(lasting) == before.intersection(lasting), situation)
      if before.contains(.inputEnded) { check(after.contains(.inputEnded), situation) }
      if before.contains(.wakeRequested) && !after.contains(.wakeRequested) {
        check(situation.outcome.step == .react, situation, "a request to be called was forgotten")
      }
    }
  }

  @Test("a connection that needs no attention is one that goes on as before")
  func steadiness() {
    for life in StreamLife.all {
      let settled = LifeSituation(life: life, pending: .none, event: .settled)
      let (step, after) = settled.outcome
      let goesOn = step == .watch(.readable, again: false) && after == life
      check(life.isSteady == goesOn, settled, "steady: \(life.isSteady), but \(step)")
    }
  }

  @Test("what is written has a way to the peer while the connection is open, is not to be closed, and sending works")
  func takingOutput() {
    for life in StreamLife.all {
      let hasWay =
        life.phase == .open && [.none, .detach].contains(life.ending) && !life.flags.contains(.outputBroken)
      check(life.takesOutput == hasWay, LifeSituation(life: life, pending: .none, event: .settled))
    }
  }

  @Test("a slow peer is not read from between the high watermark and the low one", arguments: 0..<50 as Range<UInt64>)
  func watermarks(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var life = StreamLife(phase: .open)
    var isThrottled = false
    for step in 0..<500 {
      let pending = StreamLife.Pending.allCases.randomElement(using: &random)!
      if pending == .high { isThrottled = true }
      if [.none, .low].contains(pending) { isThrottled = false }
      guard case .watch(let interest, _) = life.step(.settled, pending: pending) else {
        Issue.record("step \(step): the connection does not go on")
        return
      }
      #expect(interest.contains(.readable) == !isThrottled, "step \(step): \(pending)")
    }
  }
}
