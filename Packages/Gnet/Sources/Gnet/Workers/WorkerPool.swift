/// Threads for work that would block an event loop: a query, a file, a long computation.
///
/// A handler submits a job that captures `connection.handle`, and returns. The job answers through the handle.
///
/// ```swift
/// events.react = { connection, input in
///   let (request, handle) = (input.readAll(), connection.handle)
///   if !pool.submit({ handle.write(answer(to: request)) }) { connection.write("busy\n") }
///   return .none
/// }
/// ```
///
/// A pool that is dropped still runs the jobs that it has accepted; then its threads end.
public final class WorkerPool: Sendable {
  private let queue: WorkQueue
  private let threads: [Thread]

  /// Starts the threads.
  ///
  /// - Parameters:
  ///   - threadCount: the number of threads, at least 1. If the system cannot create all of them, the pool has fewer
  ///     threads; no thread at all is a precondition failure.
  ///   - queueCapacity: the number of jobs that may wait for a thread, at least 1.
  public init(threadCount: Int, queueCapacity: Int) {
    precondition(threadCount >= 1, "WorkerPool: threadCount must be at least 1")
    precondition(queueCapacity >= 1, "WorkerPool: queueCapacity must be at least 1")
    let queue = WorkQueue(threadCount: threadCount, capacity: queueCapacity)
    self.queue = queue
    threads = (0..<threadCount).compactMap { index in
      try? Thread(name: "gnet-worker-\(index)") { queue.run() }
    }
    precondition(!threads.isEmpty, "WorkerPool: the system does not allow another thread")
  }

  deinit {
    // Not joined: the last reference may be dropped by a job.
    queue.close()
    for thread in threads { thread.detach() }
  }

  /// Submits a job to run on one of the threads. Never blocks. Jobs start in the order of submission.
  ///
  /// - Returns: `false` if the job is refused, because every thread has a job and `queueCapacity` jobs wait, or because
  ///   the pool was shut down.
  public func submit(_ job: @escaping @Sendable () -> Void) -> Bool { queue.add(job) }

  /// Refuses further jobs, runs the accepted jobs, and returns when the last job has ended.
  ///
  /// May be called more than once, and by several threads. Calling it from a job is a precondition failure, because
  /// that job would wait for itself.
  public func shutdown() {
    precondition(!threads.contains { $0.isCurrent }, "WorkerPool.shutdown: called by one of the pool's jobs")
    queue.close()
    for thread in threads { thread.join() }
  }
}
