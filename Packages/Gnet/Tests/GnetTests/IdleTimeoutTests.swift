import RingBuffer
import SystemPackage
import TestPeers
import TestSupport
import Testing

@testable import Gnet

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

@Suite struct IdleTimeoutTests {
  private func options(_ timeout: Duration) -> Options {
    var options = Options()
    options.idleTimeout = timeout
    return options
  }

  @Test("a silent connection is closed with a time-out, in time", arguments: StreamTransport.allCases, [1, 2])
  func silence(transport: StreamTransport, loopCount: Int) throws {
    let closed = Log<Int32>()
    var events = Events.echo
    events.logEnds(closed)
    var options = options(.milliseconds(200))
    options.loopCount = loopCount
    try withServer(events, options: options, on: [transport.address()]) { server in
      try expectTimeOut(of: server, after: .milliseconds(200), closed)
    }
  }

  @Test("a time-out costs requests no turns of the loop")
  func cost() throws {
    try withServer(.echo, options: options(.seconds(30))) { server in
      try expectOneTurnPerRequest(server)
    }
  }
}
