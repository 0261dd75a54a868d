import Poller
import RingBuffer
import TestSupport
import Testing

@testable import Gnet

/// A chain of filters with the rings of a connection around it.
private struct Bench: ~Copyable {
  let chain: FilterChain
  private let buffers = Pinned(FilterBuffers(capacity: 4096))
  var network = RingBuffer()
  var input = RingBuffer()
  var outbound = RingBuffer()

  init(_ filters: ConnectionFilter.Factory..., isOutbound: Bool = false) {
    let address = SocketAddress("127.0.0.1:1")!
    let context = FilterContext(isOutbound: isOutbound, localAddress: address, remoteAddress: address)
    chain = FilterChain(filters.map { FilterStage($0) }, context, buffers)
  }

  deinit { buffers.destroy() }

  mutating func receive(_ bytes: some Collection<UInt8>) throws {
    network.write(bytes)
    try chain.receive(&network, into: &input, reply: &outbound, now: Poller.Instant(nanoseconds: 0))
    #expect(network.count == 0)
  }

  mutating func write(_ text: String) throws {
    let bytes = Array(text.utf8)
    unsafe chain.write(bytes.span.bytes, RawSpan())
  }

  mutating func send(isLast: Bool = false) throws { try chain.send(isLast: isLast, into: &outbound) }

  mutating func takeInput() -> String { String(decoding: input.readAll(), as: UTF8.self) }
  mutating func takeSent() -> [UInt8] { outbound.readAll() }
}

/// A filter that takes a line, and lets bytes go past it then.
private final class Greeting: ConnectionFilter {
  let peer: SocketAddress?
  init(peer: SocketAddress? = nil) { self.peer = peer }

  func receive(_ network: inout RingBuffer, _ input: inout RingBuffer, reply: inout RingBuffer) -> FilterState {
    guard let end = network.firstIndex(of: UInt8(ascii: "\n")) else { return .establishing }
    network.discard(end + 1)
    reply.write("greeted\n")
    return .passThrough(peer: peer)
  }

  func send(_ output: inout RingBuffer, _ network: inout RingBuffer) { Issue.record("bytes go past this filter") }
}

/// A filter that sends a byte for each that it has received.
private final class Credit: ConnectionFilter {
  private var credit = 0

  func receive(_ network: inout RingBuffer, _ input: inout RingBuffer, reply: inout RingBuffer) -> FilterState {
    credit += network.count
    input.append(moving: &network)
    return .established
  }

  func send(_ output: inout RingBuffer, _ network: inout RingBuffer) {
    let bytes = output.read(credit)
    credit -= bytes.count
    network.write(bytes)
  }
}

@Suite("the filters of a connection, without a socket") struct FilterChainTests {
  @Test("bytes are transformed both ways")
  func scrambling() throws {
    var bench = Bench({ _ in Scrambler() })
    try bench.receive([])
    #expect(bench.chain.isEstablished)
    try bench.receive(Scrambler.scrambled("hello"))
    #expect(bench.takeInput() == "hello")
    try bench.write("answer")
    #expect(bench.chain.pendingCount == 6)
    try bench.send()
    #expect(bench.takeSent() == Scrambler.scrambled("answer"))
    #expect(bench.chain.pendingCount == 0)
  }

  @Test("the same comes out wherever the bytes of the network are cut, in two and into single ones")
  func splits() throws {
    let bytes = Array("hello 1\nhello 3\n".utf8) + Framing.frame("one") + Framing.frame("two") + [0]
    let expected = Array("hello 2\nhello 4\n".utf8)
    for cut in 0...bytes.count {
      var bench = Bench({ Framing($0) })
      try bench.receive(bytes[..<cut])
      try bench.receive(bytes[cut...])
      #expect(bench.takeInput() == "onetwo", "cut at \(cut)")
      #expect(bench.takeSent() == expected, "cut at \(cut)")
      #expect(bench.chain.hasEndedInput, "cut at \(cut)")
    }
    var bench = Bench({ Framing($0) })
    for byte in bytes { try bench.receive([byte]) }
    #expect(bench.takeInput() == "onetwo")
    #expect(bench.takeSent() == expected)
    #expect(bench.chain.hasEndedInput)
  }

  @Test("two sides of a handshake come together, and hold output until then")
  func bothSides() throws {
    var client = Bench({ Framing($0) }, isOutbound: true)
    var server = Bench({ Framing($0) })
    try client.receive([])
    try server.receive([])
    try client.write("early")
    try client.send()
    #expect(client.chain.holdsOutput)
    for _ in 0..<3 {
      try server.receive(client.takeSent())
      try client.receive(server.takeSent())
    }
    #expect(client.chain.isEstablished && server.chain.isEstablished)
    try client.send(isLast: true)
    #expect(!client.chain.holdsOutput)
    try server.receive(client.takeSent())
    #expect(server.takeInput() == "early")
    #expect(server.chain.hasEndedInput)
  }

  @Test("filters above others get what these write, replies and ends included")
  func layers() throws {
    var client = Bench({ Framing($0) }, { _ in Scrambler() }, { Framing($0) }, isOutbound: true)
    var server = Bench({ Framing($0) }, { _ in Scrambler() }, { Framing($0) })
    try client.receive([])
    try server.receive([])
    for _ in 0..<10 {
      try client.send()
      for byte in client.takeSent() { try server.receive([byte]) }
      try server.send()
      for byte in server.takeSent() { try client.receive([byte]) }
    }
    #expect(client.chain.isEstablished && server.chain.isEstablished)
    try client.write("through three")
    try client.send(isLast: true)
    try server.receive(client.takeSent())
    #expect(server.takeInput() == "through three")
    #expect(server.chain.hasEndedInput)
  }

  @Test("a filter that is done is gone, with the bytes that it has left, and is still found")
  func passingThrough() throws {
    let told = SocketAddress("192.0.2.7:77")!
    let seen = Log<SocketAddress>()
    let factory: ConnectionFilter.Factory = { context in
      seen.add(context.remoteAddress)
      return Scrambler()
    }
    let line = Array("line\n".utf8) + Scrambler.scrambled("rest")
    for cut in 0...line.count {
      var bench = Bench({ _ in Greeting(peer: told) }, factory)
      try bench.receive(line[..<cut])
      try bench.receive(line[cut...])
      #expect(bench.takeInput() == "rest", "cut at \(cut)")
      #expect(bench.takeSent() == Array("greeted\n".utf8))
      #expect(bench.chain.takeNewPeer() == told)
      #expect(bench.chain.takeNewPeer() == nil)
      #expect(bench.chain.stages.count == 1)
      #expect(bench.chain.find(Greeting.self) != nil && bench.chain.find(Scrambler.self) != nil)
      #expect(bench.chain.find(Framing.self) == nil)
      try bench.write("out")
      try bench.send()
      #expect(bench.takeSent() == Scrambler.scrambled("out"))
    }
    // The filter above is made when the address is known.
    #expect(seen.values.allSatisfy { $0 == told })

    var alone = Bench({ _ in Greeting() })
    try alone.receive(Array("line\nplain".utf8))
    #expect(!alone.chain.isActive)
    #expect(alone.takeInput() == "plain")
    try alone.receive(Array("more".utf8))
    #expect(alone.takeInput() == "more")
  }

  @Test("the address that the lowest filter tells is not changed by those above")
  func addresses() throws {
    let (first, second) = (SocketAddress("192.0.2.1:1")!, SocketAddress("192.0.2.2:2")!)
    var bench = Bench({ _ in Greeting(peer: first) }, { _ in Greeting(peer: second) })
    try bench.receive(Array("a\nb\n".utf8))
    #expect(bench.chain.takeNewPeer() == first)
  }

  @Test("output that a filter cannot send yet waits, and the end waits behind it")
  func held() throws {
    var bench = Bench({ _ in Credit() }, { Framing($0) }, isOutbound: true)
    try bench.receive([])
    // "hello 1" needs eight bytes of credit.
    try bench.send()
    #expect(bench.takeSent() == [] && bench.chain.holdsOutput)
    try bench.receive(Array("hello 2\n".utf8))
    try bench.send()
    #expect(bench.takeSent() == Array("hello 1\n".utf8))
    try bench.receive(Array("hello 4\n".utf8))
    try bench.send(isLast: true)
    // The end mark has no credit.
    #expect(bench.takeSent() == Array("hello 3\n".utf8) && bench.chain.holdsOutput)
    try bench.receive(Framing.frame("x"))
    try bench.send(isLast: true)
    #expect(bench.takeSent() == [0] && !bench.chain.holdsOutput)
    #expect(bench.chain.find(Framing.self)?.finishCount == 1)
  }

  @Test("the end is written once, and no reply behind it")
  func finishing() throws {
    var bench = Bench({ Framing($0) })
    try bench.receive(Array("hello 1\nhello 3\n".utf8))
    _ = bench.takeSent()
    try bench.write("last")
    try bench.send(isLast: true)
    try bench.send(isLast: true)
    #expect(bench.takeSent() == Framing.frame("last") + [0])
    #expect(throws: Framing.Failure(description: "a bad frame")) { try bench.receive(Framing.frame("bad!")) }
    #expect(bench.takeSent() == [])
  }

  @Test("the end of the stream is told to every filter, and is an error where a handshake is not over")
  func ends() throws {
    var early = Bench({ _ in Scrambler() }, { _ in Greeting() })
    try early.receive(Scrambler.scrambled("no line"))
    #expect(throws: FilterEndedEarly.self) { try early.chain.endNetwork() }

    var truncated = Bench({ Framing($0) })
    try truncated.receive(Array("hello 1\nhello 3\n".utf8))
    #expect(throws: Framing.Failure(description: "truncated")) { try truncated.chain.endNetwork() }

    var ended = Bench({ Framing($0) })
    try ended.receive(Array("hello 1\nhello 3\n".utf8) + [0])
    try ended.chain.endNetwork()
    #expect(ended.chain.hasEndedInput)
    try ended.receive(Framing.frame("dropped"))
    #expect(ended.takeInput() == "")
  }

  @Test("nothing passes after a failure, and output is dropped")
  func failure() throws {
    var bench = Bench({ Framing($0) })
    try bench.receive(Array("hello 1\nhello 3\n".utf8))
    try bench.write("waits")
    bench.chain.fail(Framing.Failure(description: "over"))
    #expect(!bench.chain.holdsOutput)
    try bench.write("dropped")
    #expect(!bench.chain.holdsOutput)
    bench.chain.fail(Framing.Failure(description: "later"))
    #expect(bench.chain.failure as? Framing.Failure == Framing.Failure(description: "over"))
  }

  @Test("random cuts and layers give back what was written", arguments: 0..<20 as Range<UInt64>)
  func random(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var client = Bench({ Framing($0) }, { _ in Scrambler() }, isOutbound: true)
    var server = Bench({ Framing($0) }, { _ in Scrambler() })
    try client.receive([])
    try server.receive([])
    var (sent, received): ([UInt8], [UInt8]) = ([], [])
    var (toServer, toClient): ([UInt8], [UInt8]) = ([], [])
    for round in 0..<300 {
      if Bool.random(using: &random) {
        let text = String(repeating: "x\(round)", count: Int.random(in: 0..<100, using: &random))
        sent += Array(text.utf8)
        try client.write(text)
      }
      try client.send()
      try server.send()
      toServer += client.takeSent()
      toClient += server.takeSent()
      let (first, second) = (
        Int.random(in: 0...toServer.count, using: &random), Int.random(in: 0...toClient.count, using: &random)
      )
      try server.receive(toServer[..<first])
      try client.receive(toClient[..<second])
      toServer.removeFirst(first)
      toClient.removeFirst(second)
      received += server.input.readAll()
    }
    try server.receive(toServer)
    received += server.input.readAll()
    #expect(received == sent)
  }
}
