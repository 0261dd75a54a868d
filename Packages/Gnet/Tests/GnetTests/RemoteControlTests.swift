import RingBuffer
import Testing

@testable import Gnet

/// A loop that does not run, and a connection of it.
private final class Bench {
  private let reactor: Reactor
  let control: RemoteControl
  var loop: EventLoop { reactor.loop }

  init(
    watermark: Int = 1000, phase: ConnectionState.Phase = .open, _ prepare: (inout ConnectionState) -> Void = { _ in }
  )
    throws
  {
    var options = Options()
    options.outboundHighWatermark = watermark
    options.outboundLowWatermark = 0
    reactor = try Reactor(index: 0, events: Events(), options: options)
    var state = ConnectionState(index: 0, loop: reactor.loop, lentOutput: reactor.output)
    state.phase = phase
    prepare(&state)
    control = RemoteControl(of: state)
  }

  // As the server does: messages in the mailbox keep the control, and it keeps the loop.
  deinit { loop.markEnded() }

  func write(_ byteCount: Int) -> Bool { control.write([UInt8](repeating: 7, count: byteCount).span) }

  /// How many messages wait in the mailbox.
  func messageCount() -> Int { loop.mailbox.drain { _ in } }

  /// The calls that wait, in words.
  func orders() -> [String] {
    let pending = control.takeOrders()
    let orders = pending.orders.map { order in
      switch order {
      case .write(let byteCount): "write \(byteCount)"
      case .wake: "wake"
      case .close: "close"
      }
    }
    return pending.restByteCount > 0 ? orders + ["write \(pending.restByteCount)"] : orders
  }
}

@Suite struct RemoteControlTests {
  @Test("calls wait in their order, and what can be one is one")
  func order() throws {
    let bench = try Bench()
    #expect(bench.write(3) && bench.write(4))
    #expect(bench.control.wake() && bench.control.wake())
    #expect(bench.write(5))
    #expect(bench.control.close())
    #expect(bench.orders() == ["write 7", "wake", "write 5", "close"])
  }

  @Test("the loop is told once for all calls since it last looked")
  func coalescing() throws {
    let bench = try Bench(watermark: 10_000)
    for _ in 0..<50 { #expect(bench.write(1) && bench.control.wake()) }
    #expect(bench.messageCount() == 1)
    _ = bench.orders()
    #expect(bench.write(1))
    #expect(bench.messageCount() == 1)
  }

  @Test("datagrams stay apart")
  func datagrams() throws {
    let bench = try Bench(phase: .datagram)
    #expect(bench.write(3) && bench.write(0) && bench.write(4))
    #expect(!bench.control.close())
    #expect(bench.control.isOpen)
    #expect(bench.orders() == ["write 3", "write 0", "write 4"])
  }

  @Test("at the watermark writes are refused until the loop has taken some, and wakes and the close are not")
  func watermark() throws {
    let bench = try Bench()
    #expect(bench.write(999) && bench.write(500))
    #expect(!bench.write(1))
    #expect(bench.control.isOpen)
    bench.control.noteUnsent(1499)
    #expect(bench.orders() == ["write 1499"])
    #expect(!bench.write(1), "the loop holds it now")
    bench.control.noteUnsent(10)
    #expect(bench.write(1))
    bench.control.noteUnsent(5000)
    #expect(bench.control.wake() && bench.control.close())
  }

  @Test("a write into nothing is taken, however low the watermark", arguments: [0, 1])
  func lowWatermark(watermark: Int) throws {
    let bench = try Bench(watermark: watermark)
    #expect(bench.write(100))
    #expect(!bench.write(1))
    _ = bench.orders()
    #expect(bench.write(100))
  }

  @Test(
    "calls that carry hardly any bytes do not pile up without bound",
    arguments: [(ConnectionState.Phase.open, 1), (.datagram, 0)])
  func boundedOrders(phase: ConnectionState.Phase, byteCount: Int) throws {
    let bench = try Bench(watermark: 10_000, phase: phase)
    var taken = 0
    for _ in 0..<100_000 {
      if bench.write(byteCount) { taken += 1 }
      _ = bench.control.wake()
    }
    #expect(taken < 1000)
    #expect(bench.orders().count < 2000)
    #expect(bench.write(byteCount))
  }

  @Test("writing nothing to a stream leaves nothing to be done")
  func nothing() throws {
    let bench = try Bench()
    #expect(bench.write(0) && bench.control.wake() && bench.write(0) && bench.control.wake() && bench.write(0))
    #expect(bench.orders() == ["wake"])
  }

  @Test(
    "what is written waits in storage that has been used before", arguments: [ConnectionState.Phase.open, .datagram])
  func reuse(phase: ConnectionState.Phase) throws {
    let bench = try Bench(phase: phase)
    var used = RingBuffer(minimumCapacity: 4096)
    bench.loop.spareRings.give(&used)
    #expect(bench.write(1) && bench.write(2))
    #expect(bench.loop.spareRings.byteCount == 0)
    #expect(bench.control.takeOrders().output.capacity == 4096)
  }

  @Test("what the callback that made the handle has written does not count for ever")
  func madeWhileWriting() throws {
    let bench = try Bench { state in state.lentOutput.pointee.write([UInt8](repeating: 1, count: 5000)) }
    #expect(bench.write(1))
  }

  @Test("output that waited before counts")
  func madeWithPending() throws {
    let bench = try Bench { state in state.outbound.write([UInt8](repeating: 1, count: 5000)) }
    #expect(!bench.write(1))
  }

  @Test("after close everything is refused, and waiting calls remain")
  func afterClose() throws {
    let bench = try Bench()
    #expect(bench.write(1) && bench.control.close())
    #expect(!bench.write(1) && !bench.control.wake() && !bench.control.close() && !bench.control.isOpen)
    #expect(bench.orders() == ["write 1", "close"])
  }

  @Test(
    "one made for a connection that is ending refuses from the start",
    arguments: [ConnectionState.Ending.close, .detach])
  func ending(ending: ConnectionState.Ending) throws {
    let bench = try Bench { state in state.ending = ending }
    #expect(!bench.write(1) && !bench.control.wake() && !bench.control.close() && !bench.control.isOpen)
  }

  @Test("refusing hands over what waits and keeps nothing")
  func refusing() throws {
    let bench = try Bench()
    #expect(bench.write(8))
    #expect(bench.control.refuse().output.count == 8)
    #expect(!bench.write(1))
    #expect(bench.control.takeOrders().output.count == 0)
  }

  @Test("after the loop's end everything is refused, and nothing stays in its mailbox")
  func afterLoop() throws {
    let bench = try Bench()
    #expect(bench.write(8))
    bench.loop.markEnded()
    #expect(bench.loop.mailbox.isEmpty)
    #expect(!bench.write(1) && !bench.control.wake() && !bench.control.close() && !bench.control.isOpen)
    // One that had looked before the end, and posts after it.
    bench.loop.post(.orders(bench.control))
    #expect(bench.loop.mailbox.isEmpty)
  }

  @Test("a connection that was dealt to a loop that has ended is closed and not counted")
  func dealtTooLate() throws {
    let bench = try Bench()
    bench.loop.markEnded()
    bench.loop.addConnection()
    bench.loop.post(.numbered(0))
    #expect(bench.loop.connectionLoad == 0)
  }
}
