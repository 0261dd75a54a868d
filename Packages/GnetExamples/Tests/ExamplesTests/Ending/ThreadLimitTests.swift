import Foundation
import TestPeers
import Testing

#if os(Linux)
  /// The threads are limited by the address space: their stacks take a gigabyte each.
  @Suite("A system that has few threads left")
  struct ThreadLimitTests {
    /// Starts the echo example, which gets a number of threads besides its first one.
    private func echo(threads: Int, _ environment: [String: String] = [:]) throws -> Program {
      let (stack, rest) = (1 << 20, 1 << 19)
      let script = #"ulimit -s "$1" && ulimit -v "$2" && exec "$0" tcp://127.0.0.1:0"#
      let path = try #require(Program.path(of: "echo"))
      return try Program(
        "sh", ["-c", script, path, "\(stack)", "\(threads * stack + rest)"], environment: environment)
    }

    @Test("a program that lacks a thread ends before it says that it listens", arguments: [0, 1])
    func missing(threads: Int) throws {
      let program = try echo(threads: threads)
      #expect(program.outputToEnd().isEmpty)
      #expect(program.errorsToEnd().contains(threads == 0 ? "another thread" : "pthread_create"))
      #expect(try #require(program.exitCode()) != 0)
    }

    @Test("a program with a single loop needs two threads to report that it is ready, to hand over, and to end")
    func enough() throws {
      let manager = try ServiceManager()
      let program = try echo(threads: 2, manager.environment)
      #expect(program.line()?.hasPrefix("listening on tcp://127.0.0.1:") == true)
      #expect(try manager.message() == "READY=1")
      let successor = try manager.handOver(from: program.processIdentifier)
      #expect(program.exitCode() == 0)
      try manager.end(successor)
    }
  }
#endif
