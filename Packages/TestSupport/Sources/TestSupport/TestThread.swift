/// A thread of the operating system, which the thread sanitizer sees as such.
///
/// Every thread is to be joined, and may be interrupted until then.
public struct TestThread {
  private let thread: SystemThread

  /// Starts a thread that runs `body`.
  public init(_ body: @escaping @Sendable () -> Void) { thread = startThread(body) }

  /// Waits for the end of the thread.
  public func join() { TestSupport.join(thread) }

  /// Interrupts the system call that the thread is in.
  public func interrupt() { TestSupport.interrupt(thread) }

  /// Makes ``interrupt()`` harmless.
  public static func handleInterrupts() { ignoreInterrupts() }

  /// Lets other threads run.
  public static func yield() { yieldProcessor() }

  /// Has the calling thread sleep, for tests of what does not happen.
  public static func sleep(milliseconds: Int32) { TestSupport.sleep(milliseconds: milliseconds) }

  /// A number for the calling thread, to be compared with that of another.
  public static var current: UInt { currentThreadNumber }

  /// Runs `body` on a thread that nobody waits for.
  public static func detach(_ body: @escaping @Sendable () -> Void) { TestSupport.detach(startThread(body)) }
}

/// Runs `body` on several threads at once, and waits for all of them.
///
/// - Throws: the first error that one of them throws, or `TimeoutError` after two minutes.
public func concurrently(_ threadCount: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
  let (failures, ended) = (Log<any Error>(), Counter())
  for index in 0..<threadCount {
    TestThread.detach {
      do { try body(index) } catch { failures.add(error) }
      ended.add()
    }
  }
  try require("all threads have ended", within: .seconds(120)) { ended.value == threadCount }
  if let failure = failures.values.first { throw failure }
}
