package import SystemPackage

/// SIGWINCH, by which a terminal tells that it has another size, as something to wait for.
package struct Resizing: Sendable {
  private let pipe: SignalPipe

  /// Catches the signal from now on. A process has one such value at most.
  package init() throws(Errno) { pipe = try SignalPipe(catching: [Platform.resizingSignal]) }

  /// Readable when the size may be another one.
  var fd: Int32 { pipe.reading }

  /// Clears the notification.
  func clear() { pipe.clear() }
}
