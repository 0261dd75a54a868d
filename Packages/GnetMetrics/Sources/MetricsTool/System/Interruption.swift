internal import Synchronization
package import SystemPackage

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

/// SIGINT and SIGTERM as something to wait for beside sockets. A second signal ends the process at once.
package struct Interruption: Sendable {
  private static let notice = Atomic<Int32>(-1)

  private let pipe: SignalPipe

  /// What ends a wait.
  package enum Event {
    /// A signal has arrived, and the program is to end.
    case interrupted
    /// The terminal has another size.
    case resized
    /// It took as long as it was to take.
    case timedOut
  }

  /// Catches the signals from now on; there can be one such value in a process.
  package init() throws(Errno) {
    pipe = try SignalPipe()
    Self.notice.store(pipe.writing, ordering: .releasing)
    let numbers = [SIGINT, SIGTERM]
    for number in numbers {
      _ = signal(number) { number in
        _ = signal(number, SIG_DFL)
        Interruption.ring()
      }
    }
    SignalPipe.unblock(numbers)
  }

  /// Readable when a signal has arrived.
  var fd: Int32 { pipe.reading }

  /// Has the same effect as a signal.
  package static func ring() { SignalPipe.ring(notice.load(ordering: .acquiring)) }

  /// Waits for a signal, however long that takes.
  package func wait() { while wait(until: .now + .seconds(86400)) != .interrupted {} }

  /// Whether a signal has arrived.
  package var hasArrived: Bool { wait(until: .now) == .interrupted }

  /// Waits for a signal or for another size of the terminal, until `deadline` at most. Corresponds to `poll(2)`.
  package func wait(until deadline: ContinuousClock.Instant, or resizing: Resizing? = nil) -> Event {
    while true {
      var entries = [fd, resizing?.fd ?? -1].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      let count = unsafe poll(&entries, nfds_t(entries.count), ContinuousClock.now.duration(to: deadline).pollTimeout)
      if count > 0, entries[0].revents != 0 { return .interrupted }
      if count > 0, let resizing {
        resizing.clear()
        return .resized
      }
      if ContinuousClock.now >= deadline { return .timedOut }
    }
  }
}

extension Duration {
  /// Milliseconds as `poll(2)` takes them: rounded up, at least zero.
  var pollTimeout: Int32 {
    let (seconds, attoseconds) = components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    guard seconds < Int64(Int32.max) / 1000 - 1 else { return .max }
    return Int32(seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
  }
}
