#if os(Linux)
  import Glibc
  import TestPeers
  import TestSupport
  import Testing

  @testable import Gnet

  @Suite(.enabled(if: !isSanitized, "a sanitizer has memory of its own")) struct MemoryTests {
    @Test("a client that offers 64 MiB and reads nothing costs a watermark, a buffer and at most 512 KiB more")
    func slowReader() async {
      await #expect(processExitsWith: .success) { try measureSlowReader(.tcp4) }
      await #expect(processExitsWith: .success) { try measureSlowReader(.unix) }
    }

    @Test("10,000 idle connections cost at most 192 bytes each, also after each has been served")
    func idleConnections() async {
      await #expect(processExitsWith: .success) {
        let count = min(10_000, (ProcessState.descriptorLimit - 200) / 2)
        try withServer(.echo, on: [StreamTransport.unix.address()]) { server in
          let warm = try Client(server.address())
          let bytes = pattern(8192)
          try warm.send(bytes)
          _ = try warm.receive(exactly: bytes.count)
          // Made before, so that what the clients cost does not count.
          let clients = try (0..<count).map { _ in try Client(unconnectedTo: server.address()) }
          let before = ProcessState.memory
          for client in clients { try client.connect(to: server.address()) }
          try require("all are open") { server.server.connectionCount == count + 1 }
          // libkqueue keeps every registration in the memory of this process.
          let limit = isKqueueEmulated ? 512 : 192
          let idle = (ProcessState.memory - before) / count
          for client in clients {
            try client.send(bytes)
            try #require(try client.receive(exactly: bytes.count).count == bytes.count)
          }
          let served = (ProcessState.memory - before) / count
          try #require(idle <= limit && served <= limit, "\(idle) bytes each, then \(served)")
        }
      }
    }
  }

  private func measureSlowReader(_ transport: StreamTransport) throws {
    let size = unsafe (getenv("GNET_LARGE") != nil ? 1024 : 64) << 20
    try withServer(.echo, on: [transport.address()]) { server in
      let piece = pattern(1 << 20)
      let warm = try Client(server.address())
      try warm.send(Array(piece[..<65536]))
      _ = try warm.receive(exactly: 65536)
      let client = try Client(server.address())
      nonisolated(unsafe) let sender = client
      let gate = Gate()
      TestThread.detach {
        gate.pass()
        for _ in 0..<size / piece.count { try? unsafe sender.send(piece) }
        unsafe sender.endOutput()
      }
      try require("the sender is there") { gate.arrived == 1 }
      let before = ProcessState.memory
      gate.open()
      try server.waitUntilReadingStops()
      let paused = ProcessState.memory - before
      try expectIdle(server)
      var highest = 0
      try client.receiveToEnd { position, bytes in
        let start = position % piece.count
        let count = min(bytes.count, piece.count - start)
        let isRight = unsafe bytes.withUnsafeBytes { bytes in
          unsafe piece.withUnsafeBytes { unsafe memcmp(bytes.baseAddress!, $0.baseAddress! + start, count) == 0 }
        }
        if start < bytes.count { highest = max(highest, ProcessState.memory - before) }
        try #require(isRight && position + bytes.count <= size)
      }
      try require("all is counted") { server.sum(\.bytesWritten) == size + 65536 }
      // A buffer's growth leaves nothing behind, so half of the one more is not needed.
      let limit = 1 << 20 + 65536 + 1 << 19
      try #require(paused < limit && highest < limit, "paused \(paused) bytes, reading \(highest), limit \(limit)")
    }
  }
#endif
