package import SystemPackage

/// SIGINT and SIGTERM as something to wait for beside sockets. The second signal of a kind ends the process at once.
package struct Interruption: Sendable {
  private let pipe: SignalPipe

  /// The end of a wait.
  package enum Event {
    /// A signal has arrived, and the program is to end.
    case interrupted
    /// The terminal has another size.
    case resized
    /// The time is over.
    case timedOut
  }

  /// Catches the signals from now on. A process has one such value at most.
  package init() throws(Errno) { pipe = try SignalPipe(catching: Platform.endingSignals, isRestoring: true) }

  /// Readable from the first signal on.
  var fd: Int32 { pipe.reading }

  /// Has the same effect as a signal.
  package func raise() { pipe.raise() }

  /// Waits for a signal, however long that takes.
  package func wait() { while wait(until: .now + .seconds(86400)) != .interrupted {} }

  /// Whether a signal has arrived.
  package var hasArrived: Bool { wait(until: .now) == .interrupted }

  /// Waits for a signal or for another size of the terminal, until `deadline` at most.
  package func wait(until deadline: ContinuousClock.Instant, or resizing: Resizing? = nil) -> Event {
    while true {
      let rest = ContinuousClock.now.duration(to: deadline)
      let readable = Platform.readable([fd, resizing?.fd ?? -1], milliseconds: rest.wholeMilliseconds)
      if readable[0] { return .interrupted }
      if readable[1], let resizing {
        resizing.clear()
        return .resized
      }
      if ContinuousClock.now >= deadline { return .timedOut }
    }
  }
}
