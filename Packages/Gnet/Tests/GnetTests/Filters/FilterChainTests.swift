import Poller
import RingBuffer
import TestSupport
import Testing

@testable import Gnet

/// A chain of filters with the rings of a connection around it.
private final class Bench {
  private let chain: Pinned<FilterChain>
  private let buffers = Pinned(FilterBuffers(capacity: 4096))
  var network = RingBuffer()
  var input = RingBuffer()
  var outbound = RingBuffer()

  init(_ filters: ConnectionFilter.Factory..., isOutbound: Bool = false) {
    let address = SocketAddress("127.0.0.1:1")!
    let context = FilterContext(isOutbound: isOutbound, localAddress: address, remoteAddress: address)
    chain = Pinned(FilterChain(filters.map { Pinned(FilterStage($0)) }, context, buffers))
  }

  deinit {
    chain.destroy()
    buffers.destroy()
  }

  func receive(_ bytes: some Collection<UInt8>) throws {
    network.write(bytes)
    chain.pointee.receive(&network, into: &input, reply: &outbound, isLast: false, now: Poller.Instant(nanoseconds: 0))
    #expect(network.count == 0)
    if let failure { throw failure }
  }

  func write(_ text: String) throws {
    let bytes = Array(text.utf8)
    unsafe chain.pointee.write(bytes.span.bytes, RawSpan())
  }

  func send(isLast: Bool = false) throws {
    chain.pointee.send(isLast: isLast, into: &outbound)
    if let failure { throw failure }
  }

  func takeInput() -> String { String(decoding: input.readAll(), as: UTF8.self) }
  func takeSent() -> [UInt8] { outbound.readAll() }

  // The questions of the tests to the chain, which is not copied.
  var isActive: Bool { chain.pointee.isActive }
  var isEstablished: Bool { chain.pointee.isEstablished }
  var hasEndedInput: Bool { chain.pointee.hasEndedInput }
  var holdsOutput: Bool { chain.pointee.holdsOutput }
  var pendingCount: Int { chain.pointee.pendingCount }
  var stageCount: Int { chain.pointee.stages.count }
  var failure: (any Error)? { chain.pointee.failure }
  func takeNewPeer() -> SocketAddress? { chain.pointee.takeNewPeer() }
  func find<Filter: ConnectionFilter>(_ type: Filter.Type) -> Filter? { chain.pointee.find(type) }
  func endNetwork() throws {
    chain.pointee.receive(&network, into: &input, reply: &outbound, isLast: true, now: Poller.Instant(nanoseconds: 0))
    if let failure { throw failure }
  }
  func fail(_ error: any Error) { chain.pointee.fail(error) }
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
    let bench = Bench({ _ in Scrambler() })
    try bench.receive([])
    #expect(bench.isEstablished)
    try bench.receive(Scrambler.scrambled("hello"))
    #expect(bench.takeInput() == "hello")
    try bench.write("answer")
    #expect(bench.pendingCount == 6)
    try bench.send()
    #expect(bench.takeSent() == Scrambler.scrambled("answer"))
    #expect(bench.pendingCount == 0)
  }

  @Test("the same comes out wherever the bytes of the network are cut, in two and into single ones")
  func splits() throws {
    let bytes = Array("hello 1\nhello 3\n".utf8) + Framing.frame("one") + Framing.frame("two") + [0]
    let expected = Array("hello 2\nhello 4\n".utf8)
    for cut in 0...bytes.count {
      let bench = Bench({ Framing($0) })
      try bench.receive(bytes[..<cut])
      try bench.receive(bytes[cut...])
      #expect(bench.takeInput() == "onetwo", "cut at \(cut)")
      #expect(bench.takeSent() == expected, "cut at \(cut)")
      #expect(bench.hasEndedInput, "cut at \(cut)")
    }
    let bench = Bench({ Framing($0) })
    for byte in bytes { try bench.receive([byte]) }
    #expect(bench.takeInput() == "onetwo")
    #expect(bench.takeSent() == expected)
    #expect(bench.hasEndedInput)
  }

  @Test("output that has waited for a filter goes past it, behind its replies, when the filter is done")
  func waitingOutput() throws {
    let bench = Bench({ _ in Greeting() })
    try bench.receive([])
    try bench.write("early")
    try bench.send()
    #expect(bench.takeSent() == [] && bench.pendingCount == 5)
    try bench.receive(Array("hello\n".utf8))
    #expect(bench.takeSent() == Array("greeted\nearly".utf8))
    #expect(!bench.isActive)
  }

  @Test("two sides of a handshake come together, and hold output until then")
  func bothSides() throws {
    let client = Bench({ Framing($0) }, isOutbound: true)
    let server = Bench({ Framing($0) })
    try client.receive([])
    try server.receive([])
    try client.write("early")
    try client.send()
    #expect(client.holdsOutput)
    for _ in 0..<3 {
      try server.receive(client.takeSent())
      try client.receive(server.takeSent())
    }
    #expect(client.isEstablished && server.isEstablished)
    try client.send(isLast: true)
    #expect(!client.holdsOutput)
    try server.receive(client.takeSent())
    #expect(server.takeInput() == "early")
    #expect(server.hasEndedInput)
  }

  @Test("filters above others get what these write, replies and ends included")
  func layers() throws {
    let client = Bench({ Framing($0) }, { _ in Scrambler() }, { Framing($0) }, isOutbound: true)
    let server = Bench({ Framing($0) }, { _ in Scrambler() }, { Framing($0) })
    try client.receive([])
    try server.receive([])
    for _ in 0..<10 {
      try client.send()
      for byte in client.takeSent() { try server.receive([byte]) }
      try server.send()
      for byte in server.takeSent() { try client.receive([byte]) }
    }
    #expect(client.isEstablished && server.isEstablished)
    try client.write("through three")
    try client.send(isLast: true)
    try server.receive(client.takeSent())
    #expect(server.takeInput() == "through three")
    #expect(server.hasEndedInput)
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
      let bench = Bench({ _ in Greeting(peer: told) }, factory)
      try bench.receive(line[..<cut])
      try bench.receive(line[cut...])
      #expect(bench.takeInput() == "rest", "cut at \(cut)")
      #expect(bench.takeSent() == Array("greeted\n".utf8))
      #expect(bench.takeNewPeer() == told)
      #expect(bench.takeNewPeer() == nil)
      #expect(bench.stageCount == 1)
      #expect(bench.find(Greeting.self) != nil && bench.find(Scrambler.self) != nil)
      #expect(bench.find(Framing.self) == nil)
      try bench.write("out")
      try bench.send()
      #expect(bench.takeSent() == Scrambler.scrambled("out"))
    }
    // The filter above is made when the address is known.
    #expect(seen.values.allSatisfy { $0 == told })

    let alone = Bench({ _ in Greeting() })
    try alone.receive(Array("line\nplain".utf8))
    #expect(!alone.isActive)
    #expect(alone.takeInput() == "plain")
    try alone.receive(Array("more".utf8))
    #expect(alone.takeInput() == "more")
  }

  @Test("the address that the lowest filter tells is not changed by those above")
  func addresses() throws {
    let (first, second) = (SocketAddress("192.0.2.1:1")!, SocketAddress("192.0.2.2:2")!)
    let bench = Bench({ _ in Greeting(peer: first) }, { _ in Greeting(peer: second) })
    try bench.receive(Array("a\nb\n".utf8))
    #expect(bench.takeNewPeer() == first)
  }

  @Test("output that a filter cannot send yet waits, and the end waits behind it")
  func held() throws {
    let bench = Bench({ _ in Credit() }, { Framing($0) }, isOutbound: true)
    try bench.receive([])
    // "hello 1" needs eight bytes of credit.
    try bench.send()
    #expect(bench.takeSent() == [] && bench.holdsOutput)
    try bench.receive(Array("hello 2\n".utf8))
    try bench.send()
    #expect(bench.takeSent() == Array("hello 1\n".utf8))
    try bench.receive(Array("hello 4\n".utf8))
    try bench.send(isLast: true)
    // The end mark has no credit.
    #expect(bench.takeSent() == Array("hello 3\n".utf8) && bench.holdsOutput)
    try bench.receive(Framing.frame("x"))
    try bench.send(isLast: true)
    #expect(bench.takeSent() == [0] && !bench.holdsOutput)
    #expect(bench.find(Framing.self)?.finishCount == 1)
  }

  @Test("the end is written once, and no reply behind it")
  func finishing() throws {
    let bench = Bench({ Framing($0) })
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
    let early = Bench({ _ in Scrambler() }, { _ in Greeting() })
    try early.receive(Scrambler.scrambled("no line"))
    #expect(throws: FilterEndedEarly.self) { try early.endNetwork() }

    let truncated = Bench({ Framing($0) })
    try truncated.receive(Array("hello 1\nhello 3\n".utf8))
    #expect(throws: Framing.Failure(description: "truncated")) { try truncated.endNetwork() }

    let ended = Bench({ Framing($0) })
    try ended.receive(Array("hello 1\nhello 3\n".utf8) + [0])
    try ended.endNetwork()
    #expect(ended.hasEndedInput)
    try ended.receive(Framing.frame("dropped"))
    #expect(ended.takeInput() == "")
  }

  @Test("nothing passes after a failure, and output is dropped")
  func failure() throws {
    let bench = Bench({ Framing($0) })
    try bench.receive(Array("hello 1\nhello 3\n".utf8))
    try bench.write("waits")
    bench.fail(Framing.Failure(description: "over"))
    #expect(!bench.holdsOutput)
    try bench.write("dropped")
    #expect(!bench.holdsOutput)
    bench.fail(Framing.Failure(description: "later"))
    #expect(bench.failure as? Framing.Failure == Framing.Failure(description: "over"))
  }

  @Test("random cuts and layers give back what was written", arguments: 0..<20 as Range<UInt64>)
  func random(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let client = Bench({ Framing($0) }, { _ in Scrambler() }, isOutbound: true)
    let server = Bench({ Framing($0) }, { _ in Scrambler() })
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
