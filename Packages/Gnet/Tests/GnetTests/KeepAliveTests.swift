#if os(Linux)
  import Glibc
  import SystemPackage
  import TestPeers
  import TestSupport
  import Testing

  @testable import Gnet

  @Suite("peers that are gone") struct KeepAliveTests {
    /// The seconds before the first probe, the seconds between probes, the number of probes, and the milliseconds that
    /// output may wait.
    private static func settings(of connection: inout Connection) -> [Int32] {
      connection.withFileDescriptor { descriptor in
        // TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT, TCP_USER_TIMEOUT.
        [4, 5, 6, 18].map { name in
          var (value, size) = (Int32(-1), socklen_t(MemoryLayout<Int32>.size))
          unsafe getsockopt(descriptor.rawValue, Int32(IPPROTO_TCP), Int32(name), &value, &size)
          return value
        }
      }
    }

    @Test("accepted and outbound connections give a silent peer up within four times the interval, and output in time")
    func options() throws {
      let seen = Log<[Int32]>()
      var events = Events.echo
      events.onOpened = { connection in
        seen.add(Self.settings(of: &connection))
        return .none
      }
      var options = Options()
      options.tcpKeepAlive = .milliseconds(1500)
      options.tcpUserTimeout = .microseconds(2_500_100)
      try withServer(events, options: options) { server in
        var own = ConnectOptions()
        own.tcpKeepAlive = .seconds(7)
        own.tcpUserTimeout = .seconds(9)
        server.server.connect(to: server.address().text, options: own, Service(events))
        try require("both ends are open") { seen.count == 2 }
      }
      #expect(Set(seen.values) == [[2, 2, 3, 2501], [7, 7, 3, 9000]])
    }
  }
#endif
