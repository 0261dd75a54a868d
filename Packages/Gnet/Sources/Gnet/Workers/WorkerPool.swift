/// Threads for work that would block an event loop: a query, a file, a long computation.
///
/// A handler submits a job that captures `connection.handle` and goes on; the job answers through the handle.
///
/// ```swift
/// events.react = { connection, input in
///   let (request, handle) = (input.readAll(), connection.handle)
///   if !pool.submit({ handle.write(answer(to: request)) }) { connection.write("busy\n") }
///   return .none
/// }
/// ```
///
/// A pool that is dropped finishes the jobs that it has accepted, and its threads end.
public final class WorkerPool: Sendable {
  private let queue: WorkQueue
  private let threads: [Thread]

  /// Starts the threads.
  ///
  /// - Parameters:
  ///   - threadCount: how many jobs run at once, at least 1. If the system has no more threads there are fewer;
  ///     that it has none at all is a precondition failure.
  ///   - queueCapacity: how many jobs may wait besides, at least 1.
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

  /// Has a job run on one of the threads. Jobs start in the order in which they were submitted.
  ///
  /// - Returns: `false`, and the job is not run, if a job runs on every thread and `queueCapacity` more wait
  ///   already, or the pool was shut down. Never blocks.
  public func submit(_ job: @escaping @Sendable () -> Void) -> Bool { queue.add(job) }

  /// Refuses jobs from now on, runs those that were accepted, and returns when the last has ended.
  ///
  /// It may be called more than once, and by several threads. Calling it from a job would wait for that job, and
  /// is a precondition failure.
  public func shutdown() {
    precondition(!threads.contains { $0.isCurrent }, "WorkerPool.shutdown: called by one of the pool's jobs")
    queue.close()
    for thread in threads { thread.join() }
  }
}
