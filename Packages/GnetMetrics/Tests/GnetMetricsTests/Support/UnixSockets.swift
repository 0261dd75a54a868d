import Synchronization
import SystemPackage
import TestPeers
import TestSupport
import Testing

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// A listening unix socket of a server that behaves badly.
final class BadServer: Sendable {
  let path: String
  private let socket: SendableClient
  private var fd: Int32 { socket.client.fd }
  /// Whether no thread accepts clients, or not any more.
  private let isIdle = Atomic<Bool>(true)

  /// Listens and never accepts: to a client it hangs.
  init(path: String = Files.temporaryPath(), backlog: Int32 = 128) throws {
    self.path = path
    socket = SendableClient(try Client(boundTo: path))
    try #require(listen(fd, backlog) == 0)
  }

  /// Sends the same bytes to each client, for ever if so wanted, and then closes unless told not to.
  static func sending(_ bytes: [UInt8], closing: Bool = true, endlessly: Bool = false) throws -> BadServer {
    let server = try BadServer()
    server.isIdle.store(false, ordering: .relaxed)
    TestThread.detach {
      var kept: [Int32] = []
      while true {
        let client = accept(server.fd, nil, nil)
        if client < 0 { break }
        var count = 0
        repeat {
          count = unsafe bytes.withUnsafeBytes {
            unsafe send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
          }
        } while endlessly && count >= 0
        if closing { close(client) } else { kept.append(client) }
      }
      for client in kept { close(client) }
      server.isIdle.store(true, ordering: .releasing)
    }
    return server
  }

  /// Ends it and removes its file.
  func stop() {
    shutdown(fd, Int32(SHUT_RDWR))
    // Closed before, its number could be another server's by the time of the next accept.
    while !isIdle.load(ordering: .acquiring) { sched_yield() }
    socket.client.close()
    Files.remove(path)
  }
}
