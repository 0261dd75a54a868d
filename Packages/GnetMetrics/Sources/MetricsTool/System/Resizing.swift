internal import Synchronization
package import SystemPackage

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

/// SIGWINCH, by which a terminal says that it has another size, as something to wait for.
package struct Resizing: Sendable {
  private static let notice = Atomic<Int32>(-1)

  private let pipe: SignalPipe

  /// Catches the signal from now on; there can be one such value in a process.
  package init() throws(Errno) {
    pipe = try SignalPipe()
    Self.notice.store(pipe.writing, ordering: .releasing)
    _ = signal(SIGWINCH) { _ in SignalPipe.ring(Resizing.notice.load(ordering: .acquiring)) }
    SignalPipe.unblock([SIGWINCH])
  }

  /// Readable when the size may be another one.
  var fd: Int32 { pipe.reading }

  /// Takes note.
  func clear() { pipe.clear() }
}
