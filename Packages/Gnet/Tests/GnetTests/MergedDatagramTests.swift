import CGnet
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

private let peer = SocketAddress(.ipv4(address: 0x7f00_0001, port: 9))

/// Sizes of datagrams, and how they leave as messages.
private struct Grouping: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let runs: [[Int]]

  init(_ description: String, _ runs: [[Int]]) {
    testDescription = description
    self.runs = runs
  }
}

private let groupings = [
  Grouping("one size", [[100, 100, 100]]),
  Grouping("a shorter one ends a run", [[100, 100, 60], [100, 100]]),
  Grouping("a longer one begins a run", [[60], [100, 100]]),
  Grouping("single bytes", [[1, 1, 1]]),
  Grouping("empty ones stay alone", [[0], [0], [5, 5], [0], [5]]),
  Grouping("at most 64", [Array(repeating: 10, count: 64), Array(repeating: 10, count: 64), [10, 10]]),
  Grouping("at most what a packet of IPv6 holds", [Array(repeating: 1452, count: 45), [1452]]),
  Grouping(
    "a last one up to that", [Array(repeating: 1423, count: 46) + [29], [1423, 30]]),
  Grouping("too large for an Ethernet packet", [[1453], [1453], [2000], [1452, 1452, 1000], [1453], [65487], [1]]),
]

@Suite("merged datagrams") struct MergedDatagramTests {
  // MARK: The rule

  @Test("datagrams of one size that follow each other leave as one message", arguments: groupings)
  fileprivate func rule(grouping: Grouping) {
    var outbox = DatagramOutbox(isIPv6: false, port: 9, limit: 1 << 20, merges: true)
    let sizes = grouping.runs.flatMap(\.self)
    for size in sizes { outbox.append(byteCount: size, to: peer) }
    #expect(outbox.count == sizes.count && outbox.byteCount == sizes.reduce(0, +))
    #expect(outbox.announcedSizes() == grouping.runs)
    var removed = (count: 0, byteCount: 0)
    for run in grouping.runs {
      removed = outbox.removeFirst(1)
      #expect(removed.count == run.count && removed.byteCount == run.reduce(0, +))
    }
    #expect(outbox.count == 0 && outbox.byteCount == 0)
  }

  @Test("where the system cannot, none are merged")
  func unsupported() {
    var outbox = DatagramOutbox(isIPv6: false, port: 9, limit: 1 << 20, merges: false)
    for size in [100, 100, 0, 1, 1] { outbox.append(byteCount: size, to: peer) }
    #expect(outbox.announcedSizes() == [[100], [100], [0], [1], [1]])
  }

  @Test("datagrams are not merged with those of another peer, or of another address of this machine")
  func ends() {
    let host: UInt32 = 0x7f00_0001
    let peers: [SocketAddress.Storage] = [
      .ipv4(address: host, port: 9), .ipv4(address: host, port: 10), .ipv4(address: host + 1, port: 10),
      .ipv6(high: 1, low: 2, scope: 0, port: 10), .ipv6(high: 1, low: 2, scope: 3, port: 10),
      .ipv6(high: 1, low: 3, scope: 3, port: 10), .ipv6(high: 2, low: 3, scope: 3, port: 10),
    ]
    for isIPv6 in [false, true] {
      var outbox = DatagramOutbox(isIPv6: isIPv6, port: 9, limit: 1 << 20, merges: true)
      for peer in peers { for _ in 0..<2 { outbox.append(byteCount: 10, to: SocketAddress(peer)) } }
      #expect(outbox.announcedSizes() == Array(repeating: [10, 10], count: peers.count))
      outbox.removeAll()
      var (local, other) = (cgnet_local(), cgnet_local())
      unsafe withUnsafeMutableBytes(of: &local) { unsafe $0[15] = 1 }
      other.scope = 1
      for local in [local, local, other, other, cgnet_local()] {
        outbox.append(byteCount: 10, to: SocketAddress(peers[0]), from: local)
      }
      #expect(outbox.announcedSizes() == [[10, 10], [10, 10], [10]])
    }
  }

  @Test("a run that was announced takes in no more")
  func announced() {
    var outbox = DatagramOutbox(isIPv6: false, port: 9, limit: 1 << 20, merges: true)
    for _ in 0..<2 { outbox.append(byteCount: 10, to: peer) }
    #expect(outbox.announcedSizes() == [[10, 10]])
    for _ in 0..<3 { outbox.append(byteCount: 10, to: peer) }
    #expect(outbox.announcedSizes() == [[10, 10, 10]])
    #expect(outbox.removeFirst(1).count == 2)
    #expect(outbox.removeFirst(1).count == 3)
  }

  @Test("what a failure tells of the network decides what is merged from then on")
  func learning() {
    func mergedSizes(after errors: [(Errno, Int)]) -> [Int] {
      var outbox = DatagramOutbox(isIPv6: false, port: 9, limit: 1 << 20, merges: true)
      for (error, size) in errors {
        for _ in 0..<3 { outbox.append(byteCount: size, to: peer) }
        outbox.settleFailure(error)
        #expect(outbox.announcedSizes() == [[size], [size], [size]])
        outbox.settleFailure(error)
        #expect(outbox.count == 2 && outbox.byteCount == 2 * size)
        outbox.removeAll()
      }
      return [1, 1232, 1233, 1452].filter { size in
        for _ in 0..<2 { outbox.append(byteCount: size, to: peer) }
        defer { outbox.removeAll() }
        return outbox.announcedSizes() == [[size, size]]
      }
    }
    #expect(mergedSizes(after: []) == [1, 1232, 1233, 1452])
    #expect(mergedSizes(after: [(.permissionDenied, 1400), (.noBufferSpace, 1)]) == [1, 1232, 1233, 1452])
    #expect(mergedSizes(after: [(.ioError, 1400)]) == [])
    #expect(mergedSizes(after: [(.invalidArgument, 1233)]) == [1, 1232])
    #expect(mergedSizes(after: [(.messageTooLong, 1452)]) == [1, 1232])
    #expect(mergedSizes(after: [(.messageTooLong, 1452), (.invalidArgument, 1232)]) == [])
    #expect(mergedSizes(after: [(.invalidArgument, 1)]) == [])
  }

  // MARK: On the network

  #if os(Linux)
    /// Answers, small enough for a receive buffer; the last one has more runs than fit in a batch.
    private static let answers: [[Int]] =
      groupings.map { $0.runs.flatMap(\.self) } + [(0..<40).flatMap { [$0, $0, $0 / 2] }]

    @Test(
      "whatever is merged arrives as it was written, from the address that was asked, however small the send buffer",
      arguments: ["udp4://127.0.0.1:0", "udp6://[::1]:0", "udp://:0", "udp4://:0?reuseport=true"], [nil, 1])
    func contents(address: String, sendBuffer: Int?) throws {
      let announced = Log<Int>()
      var events = Events()
      events.preWrite = { _, byteCount in announced.add(byteCount) }
      events.react = { connection, input in
        for (number, size) in Self.answers[Int(input[0])].enumerated() {
          connection.write(Self.datagram(number, size))
        }
        return .none
      }
      var options = Options()
      options.socketSendBuffer = sendBuffer
      try withServer(events, options: options, on: [address]) { server in
        var target = server.address()
        if target.isUnspecified { target = SocketAddress(.ipv4(address: 0x7f01_0203, port: UInt16(target.port!))) }
        let client = try Client(target, datagrams: true)
        for (index, sizes) in Self.answers.enumerated() {
          try client.send([UInt8(index)])
          for (number, size) in sizes.enumerated() { #expect(try client.receive() == Self.datagram(number, size)) }
        }
        let sizes = Self.answers.flatMap(\.self)
        #expect(announced.values == sizes)
        try require("all is accounted for") { server.sum(\.datagramsOut) == UInt64(sizes.count) }
        #expect(server.sum(\.bytesWritten) == UInt64(sizes.reduce(0, +)))
        #expect(server.sum(\.pendingOutputBytes) == 0)
      }
    }

    private static func datagram(_ number: Int, _ size: Int) -> [UInt8] {
      (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ number) }
    }

    /// Has a server answer with `texts`, one message a system call, where `arrange` may have some fail.
    ///
    /// - Returns: the number of messages it took.
    private func messages(for texts: [String], arriving: [String]? = nil, _ arrange: (FaultPlan) -> Void) throws -> Int
    {
      let plan = FaultPlan()
      let events = Events { connection, input in
        if input.readText() == "all" { for text in texts { connection.write(text) } } else { connection.write("end") }
        return .none
      }
      var messageCount = 0
      try withServer(events, options: Options(faults: plan), on: ["udp://127.0.0.1:0"]) { server in
        let client = try Client(server.address(), datagrams: true)
        arrange(plan)
        plan.shorten(.sendDatagrams, to: 1, times: .max)
        try client.send("all")
        for text in arriving ?? texts { #expect(try client.receiveText() == text) }
        // Nothing comes twice.
        try client.send("end")
        #expect(try client.receiveText() == "end")
        try require("all is accounted for") { server.sum(\.datagramsOut) == UInt64((arriving ?? texts).count + 1) }
        messageCount = Int(server.sum(\.writes)) - 1
      }
      return messageCount
    }

    @Test("a run is one message", .enabled(if: canMerge))
    func oneMessage() throws {
      #expect(try messages(for: ["a", "b", "c"]) { _ in } == 1)
      #expect(try messages(for: ["long", "long", "x", "y", "longer"]) { _ in } == 3)
      #expect(try messages(for: Array(repeating: "many", count: 200)) { _ in } == 4)
    }

    @Test(
      "where a merged message fails, its datagrams are sent one by one, and each that fails alone is dropped",
      .enabled(if: canMerge), arguments: [Errno.ioError, .invalidArgument, .messageTooLong, .permissionDenied])
    func failing(error: Errno) throws {
      #expect(try messages(for: ["a", "b", "c"]) { $0.fail(.sendDatagrams, with: error) } == 3)
      let rest = ["b", "c", "d", "long"]
      #expect(
        try messages(for: ["a", "b", "c", "d", "long"], arriving: rest) {
          $0.fail(.sendDatagrams, with: error, times: 2)
        } == 4)
      // The second run fails, the first has left.
      #expect(
        try messages(for: ["long", "long", "longer", "longer"]) {
          $0.fail(.sendDatagrams, with: error, skipping: 1)
        } == 3)
      // A full buffer is no failure.
      #expect(
        try messages(for: ["a", "b", "c"]) { $0.fail(.sendDatagrams, with: .wouldBlock, times: 2) } == 1)
    }

    @Test("a run that the kernel itself refuses arrives one by one", .enabled(if: canMerge))
    func refused() throws {
      let receiver = try Client(unconnectedTo: peer, datagrams: true)
      try receiver.bind(to: SocketAddress(.ipv4(address: 0x7f00_0001, port: 0)))
      let sender = try Client(receiver.localAddress, datagrams: true)
      // Segments need a checksum each.
      try sender.setOption(SOL_SOCKET, SO_NO_CHECK, 1)
      var outbox = DatagramOutbox(isIPv6: false, port: 9, limit: 1 << 20, merges: true)
      for byte: UInt8 in 1...5 { outbox.append(byteCount: 9, to: try receiver.localAddress, filledWith: byte) }
      var outcomes: [String] = []
      while !outbox.isEmpty {
        let outcome = outbox.sendBatch(sender.fd, Kernel.shared)
        outcomes.append("\(outcome)")
        switch outcome {
        case .moved(let count): _ = outbox.removeFirst(count)
        case .failed(let error): outbox.settleFailure(error)
        case .wouldBlock: break
        }
      }
      #expect(outcomes == ["\(Transfer.failed(.invalidArgument))", "\(Transfer.moved(5))"])
      for byte: UInt8 in 1...5 { #expect(try receiver.receive() == [UInt8](repeating: byte, count: 9)) }
    }

    @Test(
      "datagrams that a peer sends merged are one react each", .enabled(if: canMerge),
      arguments: ["udp4://127.0.0.1:0", "udp6://[::1]:0", "udp://:0"])
    func receiving(address: String) throws {
      let seen = Log<[UInt8]>()
      let events = Events { connection, input in
        let datagram = input.readAll()
        seen.add(datagram)
        connection.write(datagram)
        return .none
      }
      try withServer(events, on: [address]) { server in
        let client = try Client(server.address(), datagrams: true)
        let datagrams = (0..<41).map { Self.datagram($0, $0 < 40 ? 1000 : 3) }
        try client.setOption(Int32(IPPROTO_UDP), 103, 1000)  // UDP_SEGMENT
        try client.send(datagrams.flatMap(\.self))
        for datagram in datagrams { #expect(try client.receive() == datagram) }
        #expect(seen.values == datagrams)
        try require("all is accounted for") { server.sum(\.datagramsOut) == 41 }
        #expect(server.sum(\.datagramsIn) == 41 && server.sum(\.bytesRead) == 40_003)
        #expect(server.sum(\.reads) == 1)
      }
    }
  #endif
}

#if os(Linux)
  /// Whether this kernel merges.
  private let canMerge =
    (try? Client(unconnectedTo: peer, datagrams: true)).map { Kernel.shared.canSegment($0.fd) } ?? false
#endif

extension DatagramOutbox {
  /// The sizes of the datagrams that nobody was told about yet, by runs.
  fileprivate mutating func announcedSizes() -> [[Int]] {
    var sizes: [[Int]] = []
    while let run = announceNext() { sizes.append((0..<Int(run.count)).map(run.byteCount(of:))) }
    return sizes
  }
}
