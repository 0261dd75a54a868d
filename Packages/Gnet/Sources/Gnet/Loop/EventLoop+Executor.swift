internal import Synchronization

// Jobs of Swift concurrency run on a loop's own thread, between its callbacks: those of
// `Task(executorPreference: loop)` and those of an actor whose `unownedExecutor` is the loop's.
extension EventLoop: TaskExecutor, SerialExecutor {
  /// Has a job run on the loop's thread. After the loop has ended, jobs run on the threads that bring them, one at
  /// a time, so that no task is lost.
  public func enqueue(_ job: consuming ExecutorJob) {
    // The job may end the task that keeps the loop, where it is run at once, after the end of the loop.
    let own = unsafe Unmanaged.passRetained(self)
    defer { unsafe own.release() }
    post(.job(UnownedJob(job)))
  }

  /// The loop as the executor of an actor.
  public func asUnownedSerialExecutor() -> UnownedSerialExecutor { unsafe UnownedSerialExecutor(ordinary: self) }

  /// Traps unless the caller runs on the loop's thread.
  public func checkIsolated() {
    precondition(isCurrent, "not on the thread of event loop \(index)")
  }

  func run(_ job: UnownedJob) {
    assert(isCurrent || hasEnded)
    unsafe job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
  }
}
