import Poller
import TestSupport
import Testing

@testable import Gnet

/// Fails the test where `condition` does not hold of a situation.
private func check(
  _ condition: Bool, _ situation: LifeSituation, _ answer: @autoclosure () -> String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  TestSupport.check(condition, "\(situation): \(answer())", sourceLocation: sourceLocation)
}

@Suite("the life of a connection, in every situation there is") struct StreamLifeTests {
  // MARK: Every set of flags, in every phase

  @Test(
    "nobody hears of a connection before it is open or after its end",
    arguments: [.establishing, .ended] as [StreamLife.Phase])
  func silence(phase: StreamLife.Phase) {
    LifeSituation.forEach(in: phase) { situation in
      let (step, after) = situation.outcome
      check(step == .none && after == situation.life, situation, "\(step)")
    }
  }

  @Test("a connection that lingers is given up when its peer has ended its stream or is gone, and calls nothing")
  func lingering() {
    LifeSituation.forEach(in: .lingering) { situation in
      let (step, after) = situation.outcome
      let isPeersEnd = situation.event == .hungUp || StreamLife.Event.inputEnds.contains(situation.event)
      check(step == (isPeersEnd ? .free : .none) && after == situation.life, situation, "\(step)")
    }
  }

  @Test(
    "the life of a connection over UDP, or with filters, is that of one over a stream",
    arguments: [.exchanging, .filtered] as [StreamLife.Phase])
  func otherPhases(phase: StreamLife.Phase) {
    LifeSituation.forEach(in: .open) { situation in
      var other = situation
      other.life.phase = phase
      var (answer, expected) = (other.outcome, situation.outcome)
      expected.after.phase = phase
      check(answer == expected, situation, "\(answer), not \(expected)")
      check(other.life.mayReact == situation.life.mayReact, situation)
      check(!other.life.isSteady && !other.life.takesOutput && other.life.isOpen, situation)
      check(other.life.takesFilteredOutput == (phase == .filtered && situation.life.takesOutput), situation)
    }
  }

  @Test("what is kept with a life for others makes no difference to an open connection, and stays")
  func leftToOthers() {
    let leftToOthers = StreamLife.Flags.leftToOthers.rawValue
    LifeSituation.forEach(in: .open) { situation in
      let left = situation.life.flags.rawValue & leftToOthers
      if left == 0 { return }
      var without = situation
      without.life.flags = StreamLife.Flags(rawValue: situation.life.flags.rawValue & ~leftToOthers)
      var (expected, answer) = (without.outcome, situation.outcome)
      expected.after.flags = StreamLife.Flags(rawValue: expected.after.flags.rawValue | left)
      check(answer == expected, situation, "\(answer), not \(expected)")
    }
  }

  // MARK: The rules for an open connection

  @Test("a connection goes on, is answered and ends as it was promised")
  func steps() {
    for one in LifeCase.all {
      guard let promised = LifeRules.step(one.situation), promised != .impossible else { continue }
      check(LifeRules.Step(one.step) == promised, one.situation, "\(one.step), not \(promised)")
    }
  }

  @Test("an event leaves behind what was promised, and nothing else")
  func changes() {
    for one in LifeCase.all {
      guard LifeRules.step(one.situation) != .impossible, let promised = LifeRules.change(one.situation) else {
        continue
      }
      let flags = one.life.flags.union(promised.sets).subtracting(promised.clears)
      check(one.after.flags == flags, one.situation, "flags \(one.after.flags.rawValue), not \(flags.rawValue)")
      let ending = promised.ending ?? one.life.ending
      check(one.after.ending == ending, one.situation, "ending \(one.after.ending), not \(ending)")
      check(one.after.phase == .open, one.situation, "phase \(one.after.phase)")
    }
  }

  @Test("a connection that goes on is read from, written to and called as its handler and its output have it")
  func watching() {
    for one in LifeCase.all {
      guard case .watch(let interest, let again) = one.step else { continue }
      check(interest.contains(.readable) == LifeRules.isRead(one.situation), one.situation, "reads: \(interest)")
      check(interest.contains(.writable) == (one.pending != .none), one.situation, "writes: \(interest)")
      check(again == LifeRules.isQueued(one.situation), one.situation, "queued: \(again)")
    }
  }

  // MARK: What holds whatever happens

  @Test("a connection that is to be closed is never handed over or kept instead")
  func endings() {
    for one in LifeCase.all {
      check(one.after.ending >= one.life.ending, one.situation, "\(one.after.ending)")
      if one.life.ending == .close { check(one.step != .detach, one.situation, "\(one.step)") }
    }
    for (due, requested) in StreamLife.Ending.allCases.flatMap({ due in
      StreamLife.Ending.allCases.map { (due, $0) }
    }) {
      var life = StreamLife(phase: .open, ending: due)
      life.end(requested)
      #expect(life.ending >= due && life.ending >= requested && [due, requested].contains(life.ending))
    }
  }

  @Test("a close comes after the last byte, unless the output was lost, and only when somebody wants it")
  func closing() {
    for one in LifeCase.all where one.step == .close {
      check(one.pending == .none || one.life.flags.contains(.outputBroken), one.situation)
      let isWanted = one.life.ending != .none
      let isPeersEnd = !one.life.flags.isDisjoint(with: [.inputEnded, .outputBroken])
      check(isWanted || isPeersEnd, one.situation, "closed, though nobody has asked for it")
    }
  }

  @Test("a connection is aborted when its handler wants it, whatever waits, and only then")
  func aborting() {
    for one in LifeCase.all where one.situation.event == .settled {
      check((one.step == .abort) == one.life.flags.contains(.aborted), one.situation, "\(one.step)")
    }
    for one in LifeCase.all where one.situation.event != .settled { check(one.step != .abort, one.situation) }
  }

  @Test("a connection is handed over only with all of its output sent")
  func detaching() {
    for one in LifeCase.all where one.step == .detach {
      check(
        one.life.ending == .detach && one.pending == .none && !one.life.flags.contains(.outputBroken), one.situation)
    }
  }

  @Test("the peer is told of the end of the output when all was sent, once")
  func endingOutput() {
    for one in LifeCase.all where one.step == .endOutput {
      check(one.life.flags.contains(.outputEnding) && one.pending == .none, one.situation)
      check(!one.life.flags.contains(.outputEnded) && one.after.flags.contains(.outputEnded), one.situation)
    }
  }

  @Test("a handler is offered nothing while its output is full, and before it is told that it has drained")
  func offering() {
    for one in LifeCase.all {
      let isFull = !one.life.flags.isDisjoint(with: [.outputFull, .drainedDue])
      if isFull { check(one.step != .react, one.situation) }
      if one.step == .drained {
        check(one.life.flags.contains(.drainedDue) && !one.after.flags.contains(.drainedDue), one.situation)
      }
      let mayReact = !isFull && one.life.ending == .none && !one.life.flags.contains(.aborted)
      check(one.life.mayReact == mayReact, one.situation)
      let wantsInput = mayReact && one.life.flags.isDisjoint(with: [.inputEnded, .readingPaused])
      check(one.life.wantsInput == wantsInput, one.situation)
    }
  }

  @Test("where the directions are independent, output that is full holds no input up, and drains are told as ever")
  func fullDuplex() {
    for one in LifeCase.all {
      var situation = one.situation
      situation.life.isFullDuplex = true
      let (step, after) = situation.outcome
      let flags = one.life.flags
      check(after.isFullDuplex, situation)
      let mayReact = one.life.ending == .none && !flags.contains(.aborted)
      check(situation.life.mayReact == mayReact, situation)
      let wantsInput = mayReact && flags.isDisjoint(with: [.inputEnded, .readingPaused])
      check(situation.life.wantsInput == wantsInput, situation)
      if case .watch(let interest, let again) = step {
        check(interest.contains(.readable) == after.wantsInput, situation, "reads: \(interest)")
        if after.ending == .none && after.flags.contains(.wakeRequested) { check(again, situation, "a wake is lost") }
      }
      let isFull = !flags.isDisjoint(with: [.outputFull, .drainedDue])
      if !isFull && one.pending != .high {
        check(step == one.step && after.flags == one.after.flags, situation, "\(step), not \(one.step)")
      }
      if one.step == .drained { check(step == .drained, situation, "\(step)") }
    }
  }

  @Test("what a peer or a handler has done stays done")
  func memory() {
    let lasting: StreamLife.Flags = [.outputBroken, .readingPaused, .outputEnding, .aborted]
    for one in LifeCase.all {
      let (before, after) = (one.life.flags, one.after.flags)
      let (kept, new) = (before.intersection(lasting), after.subtracting(before).intersection(lasting))
      let mayEndOutput = one.situation.event == .inputEnded(mayAnswer: false)
      check(after.isSuperset(of: kept) && (new.isEmpty || mayEndOutput && new == .outputEnding), one.situation)
      if before.contains(.inputEnded) { check(after.contains(.inputEnded), one.situation) }
      if before.contains(.outputEnded) { check(after.contains(.outputEnded), one.situation) }
      if before.contains(.wakeRequested) && !after.contains(.wakeRequested) {
        check(one.step == .react, one.situation, "a request to be called was forgotten")
      }
      if before.contains(.settleDue) && !after.contains(.settleDue) {
        check(one.step == .settle, one.situation, "a change by others was forgotten")
      }
      if before.contains(.drainedDue) && !after.contains(.drainedDue) {
        check(one.step == .drained || after.contains(.outputFull), one.situation, "a drain was forgotten")
      }
    }
  }

  @Test("a connection that needs no attention is one that goes on as before")
  func steadiness() {
    // A connection with these goes on as before, too, but not for ever, or there is something else to be done for it.
    let attention: StreamLife.Flags = [.settleDue, .outputEnding, .outputEnded, .holdsInput]
    for one in LifeCase.all where one.situation.event == .settled && one.pending == .none {
      let goesOn = one.step == .watch(.readable, again: false) && one.after == one.life
      let isSteady = goesOn && one.life.flags.isDisjoint(with: attention)
      check(one.life.isSteady == isSteady, one.situation, "steady: \(one.life.isSteady), but \(one.step)")
    }
    #expect(StreamLife(phase: .open, flags: .hasSent).isSteady)
    #expect(!StreamLife(phase: .open, flags: .hasRequests).isSteady)
    for phase in StreamLife.Phase.allCases { #expect(StreamLife(phase: phase).isSteady == (phase == .open)) }
  }

  @Test("what is written has a way to the peer until the output is to end or is lost")
  func takingOutput() {
    for one in LifeCase.all where one.situation.event == .settled && one.pending == .none {
      let hasWay =
        [.none, .detach].contains(one.life.ending)
        && ![.outputBroken, .outputEnding, .aborted].contains { one.life.flags.contains($0) }
      check(one.life.takesOutput == hasWay, one.situation)
    }
    for phase in StreamLife.Phase.allCases { #expect(StreamLife(phase: phase).takesOutput == (phase == .open)) }
  }

  @Test(
    "a slow peer is not read from between the high watermark and the low one, and its handler hears once of each drain",
    arguments: 0..<50 as Range<UInt64>)
  func watermarks(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var life = StreamLife(phase: .open)
    var isFull = false
    var isDrainDue = false
    for step in 0..<500 {
      let pending = StreamLife.Pending.allCases.randomElement(using: &random)!
      if pending == .high { (isFull, isDrainDue) = (true, false) }
      if isFull && [.none, .low].contains(pending) { (isFull, isDrainDue) = (false, true) }
      guard case .watch(let interest, let again) = life.step(.settled, pending: pending) else {
        Issue.record("step \(step): the connection does not go on")
        return
      }
      #expect(interest.contains(.readable) == !(isFull || isDrainDue), "step \(step): \(pending)")
      #expect(again == isDrainDue, "step \(step): \(pending)")
      if again && Bool.random(using: &random) {
        #expect(life.step(.queued, pending: pending) == .drained)
        isDrainDue = false
      }
    }
  }
}
