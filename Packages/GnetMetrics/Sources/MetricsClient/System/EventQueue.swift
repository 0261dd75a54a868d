internal import Synchronization
package import SystemPackage

/// The events that the main thread waits for: signals, and notices of other threads. A process has one such value at most.
///
/// A pipe carries the events, a byte for each. It stays to the end of the process, as the handlers that write to it do.
package struct EventQueue: Sendable {
  /// An event.
  package enum Event: UInt8 {
    /// SIGINT, SIGTERM or ``interrupt()``: the program is to end. The second signal of a kind ends the process at once.
    case interrupted
    /// SIGWINCH: the terminal may have another size.
    case resized
    /// A thread has called ``notify()``.
    case notified
  }

  /// The end of the pipe that events are written to.
  private static let writingEnd = Atomic<Int32>(-1)

  private let readingEnd: Int32

  /// Catches the signals from now on.
  package init() throws(Errno) {
    let ends = try Platform.makePipe()
    readingEnd = ends.reading
    Self.writingEnd.store(ends.writing, ordering: .releasing)
    Platform.handle(Platform.endingSignals) { number in
      Platform.restoreDefault(number)
      EventQueue.add(.interrupted)
    }
    Platform.handle([Platform.resizingSignal]) { _ in EventQueue.add(.resized) }
  }

  /// Waits for the next event.
  package func next() -> Event {
    while true {
      if let event = Platform.readByte(from: readingEnd).flatMap(Event.init) { return event }
    }
  }

  /// Adds a notice; from any thread.
  package func notify() { Self.add(.notified) }

  /// Has the same effect as a signal; from any thread.
  package func interrupt() { Self.add(.interrupted) }

  /// Adds an event. Called by handlers of signals: an atomic load and a system call, no more.
  private static func add(_ event: Event) {
    Platform.writeByte(event.rawValue, to: writingEnd.load(ordering: .acquiring))
  }
}
