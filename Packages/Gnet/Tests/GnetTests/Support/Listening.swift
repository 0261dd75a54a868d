import SystemPackage
import TestPeers
import TestSupport
import Testing

@testable import Gnet

/// Serves `listeners` for the length of `body`.
func withListeners(
  _ listeners: [Listener], options: Options = Options(), _ body: (Server) throws -> Void
) throws {
  let running = try start(listeners, options: options)
  let server = running.server
  do {
    try body(server)
  } catch {
    server.shutdown()
    throw error
  }
  server.shutdown()
  try require("the server ends") { server.loops.allSatisfy { $0.hasEnded } }
  try running.wait()
}

/// Serves one service on a fresh address for the length of `body`.
func withService(
  _ service: Service, loopCount: Int = 1, transport: StreamTransport = .tcp4, options: Options = Options(),
  _ body: (Server) throws -> Void
) throws {
  var options = options
  options.loopCount = loopCount
  try withListeners([Listener(transport.address(), service)], options: options, body)
}

/// Tells of its end, once.
final class Witness: Sendable {
  private let ends: Counter
  init(_ ends: Counter) { self.ends = ends }
  deinit { ends.add() }
}

/// The number of an `Errno`, 0 for no error, -1 for another error.
func code(_ error: (any Error)?) -> Int32 {
  guard let error else { return 0 }
  return (error as? Errno)?.rawValue ?? -1
}

/// Whether bytes are those of ``pattern(_:)``. An expectation of two long arrays would describe their difference for
/// hours.
func isPattern(_ bytes: [UInt8], _ count: Int) -> Bool { bytes == pattern(count) }
