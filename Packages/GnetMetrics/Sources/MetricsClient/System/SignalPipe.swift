internal import Synchronization
internal import SystemPackage

/// Signals as something to wait for beside sockets: a pipe that is readable once one of them has arrived.
///
/// A pipe stays to the end of the process, as the handlers that write to it do.
struct SignalPipe: Sendable {
  /// The end that handlers write to, by the number of the signal; -1 for a signal that no pipe is for.
  private static let writingEnds = InlineArray<32, Atomic<Int32>> { _ in Atomic(-1) }

  /// The end that becomes readable.
  let reading: Int32
  private let writing: Int32

  /// Catches signals from now on, each of which one pipe can be for.
  ///
  /// - Parameter isRestoring: whether a signal that has arrived has its default effect from then on.
  init(catching signals: [Int32], isRestoring: Bool = false) throws(Errno) {
    (reading, writing) = try Platform.makePipe()
    for number in signals { Self.writingEnds[Int(number)].store(writing, ordering: .releasing) }
    if isRestoring {
      Platform.handle(signals) { number in
        Platform.restoreDefault(number)
        SignalPipe.report(number)
      }
    } else {
      Platform.handle(signals) { SignalPipe.report($0) }
    }
  }

  /// Makes the pipe of a signal readable. Called by handlers: an atomic load and a system call, no more.
  private static func report(_ number: Int32) {
    Platform.writeByte(to: writingEnds[Int(number)].load(ordering: .acquiring))
  }

  /// Makes the pipe readable, as a signal does.
  func raise() { Platform.writeByte(to: writing) }

  /// Makes the pipe unreadable until the next signal.
  func clear() { Platform.drain(reading) }
}
