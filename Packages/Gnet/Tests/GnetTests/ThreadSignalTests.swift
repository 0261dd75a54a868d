import Foundation
import Synchronization
import TestPeers
import TestSupport
import Testing

@testable import Gnet

/// The signals that are blocked on the threads of a server, and for the programs that these start.
@Suite struct ThreadSignalTests {
  /// The signals that are blocked on the calling thread.
  private static func blocked(of signals: [Int32]) -> [Int32] {
    var mask = sigset_t()
    unsafe pthread_sigmask(SIG_BLOCK, nil, &mask)
    return signals.filter { unsafe sigismember(&mask, $0) == 1 }
  }

  /// Runs a body on a loop's thread and in a job.
  private func onThreads<Result: Sendable>(_ body: @escaping @Sendable () -> Result) throws -> [Result] {
    let results = Log<Result>()
    let events = Events { connection, input in
      results.add(body())
      connection.write(input.readAll())
      return .none
    }
    try withServer(events) { server in
      try Client(server.address()).expectEcho("done")
    }
    let pool = WorkerPool(threadCount: 1, queueCapacity: 1)
    #expect(pool.submit { results.add(body()) })
    pool.shutdown()
    return results.values
  }

  @Test("the signals that a thread's own instructions raise are not blocked, the others are")
  func blocked() throws {
    let own = [SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP]
    let others = [SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGUSR1, SIGPIPE, SIGALRM]
    let results = try onThreads { Self.blocked(of: own + others) }
    #expect(results == [others, others])
  }

  #if os(Linux)
    @Test("a program that is started with a mask of its own ends on SIGTERM")
    func child() throws {
      let results = try onThreads { () -> Int32 in
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var arguments: [UnsafeMutablePointer<CChar>?] = unsafe [strdup("sleep"), strdup("60"), nil]
        defer { unsafe arguments.forEach { unsafe free($0) } }
        var child = pid_t()
        guard unsafe posix_spawnp(&child, "sleep", nil, &attributes, &arguments, environ) == 0 else { return -1 }
        kill(child, SIGTERM)
        var status: Int32 = 0
        unsafe waitpid(child, &status, 0)
        return status
      }
      #expect(results == [SIGTERM, SIGTERM])
    }
  #endif
}
