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

    /// The settings of an accepted and of an outbound connection.
    private static func settings(
      _ change: (inout Options) -> Void, outbound: (inout ConnectOptions) -> Void
    ) throws -> Set<[Int32]> {
      let seen = Log<[Int32]>()
      var events = Events.echo
      events.onOpened = { connection in seen.note(settings(of: &connection)) }
      var options = Options()
      change(&options)
      try withServer(events, options: options) { server in
        var own = ConnectOptions()
        outbound(&own)
        server.server.connect(to: server.address().text, options: own, Service(events))
        try require("both ends are open") { seen.count == 2 }
      }
      return Set(seen.values)
    }

    @Test("accepted and outbound connections give a silent peer up within four times the silence, and output in time")
    func silence() throws {
      let settings = try Self.settings {
        $0.tcpKeepAlive = .milliseconds(1500)
        $0.tcpUserTimeout = .microseconds(2_500_100)
      } outbound: {
        $0.tcpKeepAlive = .seconds(7)
        $0.tcpUserTimeout = .seconds(9)
      }
      #expect(settings == [[2, 2, 3, 2501], [7, 7, 3, 9000]])
    }

    @Test("the time between probes and their number can be set, up to the system's limits")
    func probes() throws {
      let settings = try Self.settings {
        $0.tcpKeepAlive = .seconds(60)
        $0.tcpKeepAliveInterval = .milliseconds(4100)
        $0.tcpKeepAliveProbes = 5
      } outbound: {
        $0.tcpKeepAlive = .seconds(100_000)
        $0.tcpKeepAliveInterval = .seconds(100_000)
        $0.tcpKeepAliveProbes = 1000
      }
      #expect(settings == [[60, 5, 5, 0], [32767, 32767, 127, 0]])
    }
  }
#endif
