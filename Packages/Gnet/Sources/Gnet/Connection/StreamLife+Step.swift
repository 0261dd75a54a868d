internal import Poller

// The answers of a life to events.
extension StreamLife {
  /// Takes in an event, and answers with the next thing to do.
  ///
  /// - Parameter pending: the connection's output that the kernel has not taken.
  mutating func step(_ event: Event, pending: Pending) -> Step {
    switch phase {
    case .open, .exchanging, .filtered: stepOpen(event, pending)
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
      if flags.contains(.outputBroken) { return isHeld ? .settle : .close }
      if isHeld {
        // The handler comes back for the bytes that it has left, and then there is nothing to answer.
        if !mayAnswer { flags.insert(.outputEnding) }
      } else if flags.contains(.outputEnded) || !mayAnswer {
        end(.close)
      }
      return mayReact ? .react : .settle
    case .inputExhausted:
      // This was the rest of the input of a connection whose sending has failed.
      return flags.contains(.outputBroken) ? .close : .none
    case .hungUp:
      // Bytes that the peer had sent before are still to be read, unless its end was seen already, and what the handler has
      // left while its output was full is still to be offered.
      let isOver = flags.contains(.inputEnded) && flags.isDisjoint(with: fullness.union(.aborted))
      if pending != .none || !isOver { return .breakOutput }
      return isHeld ? .none : .close
    case .queued:
      return runQueued()
    }
  }

  private mutating func runQueued() -> Step {
    if flags.contains(.settleDue) {
      flags.remove(.settleDue)
      return .settle
    }
    // Also where sending has failed: bytes that the handler has left are offered before the connection ends.
    if ending == .none && flags.contains(.drainedDue) {
      flags.remove(.drainedDue)
      return .drained
    }
    if flags.contains(.outputBroken) && !isHeld { return .readRest }
    if ending != .none || flags.contains(.outputFull) && !isFullDuplex { return .none }
    // A wake that was asked for before a drain has been served along with it.
    guard flags.contains(.wakeRequested) else { return .none }
    flags.remove(.wakeRequested)
    assert(ending == .none && flags.isDisjoint(with: fullness))
    return .react
  }

  private mutating func settle(_ pending: Pending) -> Step {
    if flags.contains(.aborted) { return .abort }
    if pending == .none {
      // Before a detach too: the descriptor is handed over with its output ended.
      if ending != .close && flags.contains(.outputEnding) && flags.isDisjoint(with: [.outputEnded, .outputBroken]) {
        flags.insert(.outputEnded)
        return .endOutput
      }
      if ending != .none {
        // With output lost there is nothing to hand over: the new owner would not learn of the loss.
        return ending == .detach && !flags.contains(.outputBroken) ? .detach : .close
      }
      if flags.isSuperset(of: [.outputEnded, .inputEnded]) && !isHeld { return .close }
    }
    follow(pending)
    assert(ending == .none || pending != .none, "an end that is due waits for nothing")
    var interest: Poller.Interest = []
    if wantsInput { interest.insert(.readable) }
    if pending != .none { interest.insert(.writable) }
    return .watch(interest, again: isQueueDue)
  }

  /// Follows the watermarks.
  private mutating func follow(_ pending: Pending) {
    switch pending {
    case .none, .low:
      if flags.contains(.outputFull) {
        flags.remove(.outputFull)
        flags.insert(.drainedDue)
      }
    case .middle:
      // Full once more: the handler is told of the drain that is still to come.
      if flags.contains(.outputFull) { flags.remove(.drainedDue) }
    case .high:
      flags.insert(.outputFull)
      flags.remove(.drainedDue)
    }
    assert(!flags.isSuperset(of: [.outputFull, .drainedDue]), "output is full, and has drained")
  }

  /// Whether the end of the input waits for the handler, which holds the last bytes, and has not ended the connection.
  private var isHeld: Bool {
    ending == .none && flags.isSuperset(of: [.inputEnded, .holdsInput])
      && !flags.isDisjoint(with: [.readingPaused, .wakeRequested])
  }

  /// Whether something is to be done for the connection without an event of its descriptor.
  private var isQueueDue: Bool {
    if flags.contains(.outputBroken) && !isHeld { return true }
    if ending != .none || flags.contains(.outputFull) && !isFullDuplex { return false }
    return !flags.isDisjoint(with: [.drainedDue, .wakeRequested])
  }

  private func stepLingering(_ event: Event) -> Step {
    switch event {
    case .inputEnded, .hungUp: .free
    case .settled, .inputExhausted, .queued: .none
    }
  }
}
