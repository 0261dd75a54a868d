import Gnet
import RingBuffer
import TestSupport
import Testing

@testable import GnetTLS

@Suite("Streams")
struct StreamTests {
  /// A pair that has shaken hands.
  static func established(_ version: TLSVersion = .v13) throws -> Pair {
    let pair = try Pair(TLSClient.test { $0.maximumVersion = version }, TLSServer.test())
    try pair.exchange()
    return pair
  }

  @Test("bytes of every amount arrive as they were sent, both ways", arguments: [TLSVersion.v12, .v13])
  func sizes(version: TLSVersion) throws {
    let pair = try Self.established(version)
    let record = 16384
    let around = [record, 2 * record, 65536].flatMap { [$0 - 1, $0, $0 + 1] }
    for count in Array(0...300) + around + [1 << 20] {
      let bytes = pattern(count)
      try pair.client.send(bytes)
      try pair.server.send(bytes)
      try pair.exchange()
      check(pair.server.takeInput() == bytes, "\(count) bytes from the client")
      check(pair.client.takeInput() == bytes, "\(count) bytes from the server")
    }
  }

  @Test("records in pieces of any size arrive whole", arguments: [1, 2, 5, 1448, 16383, 16384, 16385, 20000])
  func pieces(size: Int) throws {
    let pair = try Self.established()
    let bytes = pattern(40000)
    try pair.client.send(bytes)
    try pair.exchange(pieces: size)
    #expect(pair.server.takeInput() == bytes)
  }

  @Test("random amounts in random pieces arrive in order", arguments: 1...8 as ClosedRange<UInt64>)
  func random(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let pair = try Self.established(seed.isMultiple(of: 2) ? .v12 : .v13)
    var (sent, received): ([UInt8], [UInt8]) = ([], [])
    var wire: ArraySlice<UInt8> = []
    for _ in 0..<400 {
      let bytes = pattern(Int.random(in: 0...(Bool.random(using: &generator) ? 100 : 40000), using: &generator))
      sent += bytes
      try pair.client.send(bytes)
      wire += pair.client.takeSent()
      let piece = wire.prefix(Int.random(in: 0...60000, using: &generator))
      wire = wire.dropFirst(piece.count)
      try pair.server.receive(Array(piece))
      if Bool.random(using: &generator) { received += pair.server.takeInput() }
    }
    try pair.server.receive(Array(wire))
    received += pair.server.takeInput()
    #expect(received == sent, "seed \(seed)")
  }

  @Test("output that wraps around the end of its ring is sent in order")
  func wrapped() throws {
    let pair = try Self.established()
    var output = RingBuffer(minimumCapacity: 64)
    output.write(pattern(50))
    output.discard(40)
    output.write(Array(repeating: 9, count: 50))
    let isWrapped = output.withReadable { $0.second.byteCount > 0 }
    #expect(isWrapped)
    let expected = output.peek(60)
    try pair.client.send(moving: &output)
    try pair.exchange()
    #expect(output.count == 0)
    #expect(pair.server.takeInput() == expected)
  }

  @Test("close_notify ends the peer's stream, and the own one may go on", arguments: [TLSVersion.v12, .v13])
  func end(version: TLSVersion) throws {
    let pair = try Self.established(version)
    try pair.client.send([1])
    pair.client.finish()
    try pair.server.receive(pair.client.takeSent())
    #expect(pair.server.state == .ended)
    #expect(pair.server.takeInput() == [1])
    try pair.server.filter.networkEnded()
    try pair.server.send([2])
    pair.server.finish()
    try pair.client.receive(pair.server.takeSent())
    #expect(pair.client.takeInput() == [2])
    #expect(pair.client.state == .ended)
  }

  @Test("bytes behind close_notify are dropped")
  func behindTheEnd() throws {
    let pair = try Self.established()
    pair.client.finish()
    try pair.server.receive(pair.client.takeSent() + [1, 2, 3])
    #expect(pair.server.state == .ended)
    try pair.server.receive([4, 5, 6])
    #expect(pair.server.state == .ended)
    #expect(pair.server.takeInput().isEmpty)
  }

  @Test("a stream that ends without close_notify is an error")
  func truncation() throws {
    let pair = try Self.established()
    try pair.client.send(pattern(1000))
    try pair.server.receive(pair.client.takeSent())
    let error = #expect(throws: TLSError.self) { try pair.server.filter.networkEnded() }
    #expect(error?.code == .truncated)
    #expect(error?.description == "the stream of the peer ended without close_notify")
  }

  @Test("a stream that ends in the handshake is an error, wherever it ends")
  func leaving() throws {
    let hello = try Pair(TLSClient.test(), TLSServer.test()).client.takeSent()
    let server = try TLSServer.test()
    for count in 0...hello.count {
      let end = try End(server.makeFilter())
      try end.receive(Array(hello.prefix(count)))
      let error = #expect(throws: TLSError.self) { try end.filter.networkEnded() }
      check(error?.code == .handshakeFailed, "after \(count) bytes")
    }
    #expect(server.statistics.failures == UInt64(hello.count + 1))
  }

  @Test("a connection that is closed before its handshake sends nothing")
  func finishEarly() throws {
    let end = try End(TLSServer.test().makeFilter())
    end.finish()
    #expect(end.takeSent().isEmpty)
  }
}
