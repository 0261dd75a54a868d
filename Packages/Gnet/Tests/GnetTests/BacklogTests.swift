#if os(Linux)
  import Glibc
  import TestSupport
  import Testing

  @testable import Gnet

  @Suite("connections that wait to be accepted") struct BacklogTests {
    /// The number of connections that may wait at a listening TCP socket.
    private func backlog(of fd: Int32) -> Int {
      // Of a listening socket, `tcpi_sacked`, at offset 28 of `TCP_INFO`, is the limit of the queue. Source: tcp_get_info() of
      // Linux.
      var info = [UInt32](repeating: 0, count: 64)
      var size = socklen_t(info.count * MemoryLayout<UInt32>.size)
      unsafe getsockopt(fd, Int32(IPPROTO_TCP), TCP_INFO, &info, &size)
      return Int(info[7])
    }

    @Test("are as many as a listener says, and by default as many as the system allows", arguments: [nil, 7])
    func limit(count: Int?) throws {
      let service = Service(.echo)
      let listener = count.map { Listener("tcp4://127.0.0.1:0", service, backlog: $0) }
      let running = try start([listener ?? Listener("tcp4://127.0.0.1:0", service)])
      let text = try #require(Files.text("/proc/sys/net/core/somaxconn"))
      let most = try #require(text.split(separator: "\n").first.flatMap { Int($0) })
      let descriptors = running.server.succession.listeners.flatMap(\.descriptors)
      #expect(descriptors.map { backlog(of: $0) } == [min(count ?? 65535, most)])
      running.shutdown()
      try running.wait()
    }
  }
#endif
