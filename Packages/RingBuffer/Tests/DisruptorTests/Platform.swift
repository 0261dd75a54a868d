#if canImport(Darwin)
  import Darwin

  private let noThread: pthread_t? = nil
  private func wait(for thread: pthread_t?) { pthread_join(thread!, nil) }
#elseif canImport(Glibc)
  import Glibc

  private let noThread = pthread_t()
  private func wait(for thread: pthread_t) { pthread_join(thread, nil) }
#elseif canImport(Musl)
  import Musl

  private let noThread = pthread_t()
  private func wait(for thread: pthread_t) { pthread_join(thread, nil) }
#endif

/// A thread of the operating system, which the thread sanitizer sees as such.
struct SystemThread {
  private var id = noThread

  private final class Work {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  /// Starts a thread that runs `body`.
  init(_ body: @escaping @Sendable () -> Void) {
    let work = Unmanaged.passRetained(Work(body))
    let result = pthread_create(
      &id, nil,
      { argument in
        // The parameter is optional on some systems, not on others.
        let argument: UnsafeMutableRawPointer? = argument
        Unmanaged<Work>.fromOpaque(argument!).takeRetainedValue().body()
        return nil
      }, work.toOpaque())
    precondition(result == 0, "pthread_create failed: \(result)")
  }

  /// Waits for the thread to end.
  func join() { wait(for: id) }

  /// Lets other threads run.
  static func yield() { sched_yield() }
}

/// The contents of a text file, or nil when it cannot be opened.
func contents(ofFile path: String) -> String? {
  guard let file = fopen(path, "r") else { return nil }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  while case let byte = fgetc(file), byte != EOF { bytes.append(UInt8(byte)) }
  return String(decoding: bytes, as: UTF8.self)
}
