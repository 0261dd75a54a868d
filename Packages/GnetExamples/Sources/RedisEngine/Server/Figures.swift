internal import Synchronization

/// The figures of INFO that need samples.
final class Figures: Sendable {
  private struct State {
    /// The number of commands at the last samples, the oldest first.
    var samples: [(time: ContinuousClock.Instant, commandCount: Int)] = []
    var peakBytes = 0
  }

  private let state = Mutex(State())
  /// The number of samples that the rate is computed from.
  private static let sampleCount = 16

  /// Takes a sample; to be called about ten times a second.
  func sample(commandCount: Int) {
    let now = ContinuousClock.now
    state.withLock { state in
      if state.samples.count == Self.sampleCount { state.samples.removeFirst() }
      state.samples.append((now, commandCount))
    }
  }

  /// The rate over the last samples.
  var commandsPerSecond: Int {
    state.withLock { state in
      guard let first = state.samples.first, let last = state.samples.last, first.time < last.time else { return 0 }
      return Int(Double(last.commandCount - first.commandCount) / ((last.time - first.time) / .seconds(1)))
    }
  }

  /// Returns the most bytes of memory that were seen, after a look at the present number.
  func notePeak(_ byteCount: Int) -> Int {
    state.withLock { state in
      state.peakBytes = max(state.peakBytes, byteCount)
      return state.peakBytes
    }
  }
}
