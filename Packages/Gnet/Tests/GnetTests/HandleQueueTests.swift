import RingBuffer
import TestPeers
import TestSupport
import Testing

@testable import Gnet

/// A loop that does not run, and the handle queue of a connection or of the peer of a datagram.
private final class Bench {
  enum Kind { case stream, datagram }

  let queue: HandleQueue
  let loop: EventLoop

  init(
    watermark: Int = 1000, kind: Kind = .stream, _ prepare: (inout ConnectionState) -> Void = { _ in }
  ) {
    loop = EventLoop(index: 0, system: Kernel.shared, wake: {}, outboundHighWatermark: watermark)
    let output = Pinned(RingBuffer())
    let outbox = Pinned(DatagramOutbox(isIPv6: false, port: 0, limit: watermark, merges: false))
    defer {
      output.destroy()
      outbox.destroy()
    }
    var state = ConnectionState(
      token: ConnectionToken(slot: 0, generation: 1), loop: loop, lentOutput: output)
    switch kind {
    case .stream: state.life.phase = .open
    case .datagram: state.outbox = outbox
    }
    prepare(&state)
    queue = HandleQueue(of: state)
  }

  // The ownership is that of a server: messages in the mailbox keep the queue, and it keeps the loop.
  deinit { loop.markEnded() }

  func write(_ byteCount: Int) -> Bool { ConnectionHandle(queue).write([UInt8](repeating: 7, count: byteCount)) }

  /// The number of messages that wait in the mailbox.
  func messageCount() -> Int { loop.mailbox.drain { _ in } }

  /// Calls `body` as the loop's thread.
  func asLoop<Result: ~Copyable>(_ body: () -> Result) -> Result {
    loop.becomeCurrent()
    defer { loop.resignCurrent() }
    return body()
  }

  /// The calls that wait, in words.
  func calls() -> [String] {
    let pending = asLoop { queue.takeCalls() }
    let calls = pending.calls.map { call in
      switch call {
      case .write(let byteCount): "write \(byteCount)"
      case .wake: "wake"
      case .perform: "perform"
      case .close: "close"
      }
    }
    return pending.restByteCount > 0 ? calls + ["write \(pending.restByteCount)"] : calls
  }
}

@Suite struct HandleQueueTests {
  @Test("calls wait in their order, and what can be one is one")
  func order() throws {
    let bench = Bench()
    #expect(bench.write(3) && bench.write(4))
    #expect(bench.queue.wake() && bench.queue.wake())
    #expect(bench.write(5))
    #expect(bench.queue.close())
    #expect(bench.calls() == ["write 7", "wake", "write 5", "close"])
  }

  @Test("the loop is told once for all calls since it last looked")
  func coalescing() throws {
    let bench = Bench(watermark: 10_000)
    for _ in 0..<50 { #expect(bench.write(1) && bench.queue.wake()) }
    #expect(bench.messageCount() == 1)
    _ = bench.calls()
    #expect(bench.write(1))
    #expect(bench.messageCount() == 1)
  }

  @Test("datagrams stay apart")
  func datagrams() throws {
    let bench = Bench(kind: .datagram)
    #expect(bench.write(3) && bench.write(0) && bench.write(4))
    #expect(!bench.queue.close())
    #expect(bench.queue.isOpen)
    #expect(bench.calls() == ["write 3", "write 0", "write 4"])
  }

  @Test("at the watermark writes are refused until the loop has taken some, and wakes and the close are not")
  func watermark() throws {
    let bench = Bench()
    #expect(bench.write(999) && bench.write(500))
    #expect(!bench.write(1))
    #expect(bench.queue.isOpen)
    bench.queue.setUnsent(1499)
    #expect(bench.calls() == ["write 1499"])
    #expect(!bench.write(1), "the loop holds it now")
    bench.queue.setUnsent(10)
    #expect(bench.write(1))
    bench.queue.setUnsent(5000)
    #expect(bench.queue.wake() && bench.queue.close())
  }

  @Test("a write into nothing is taken, however low the watermark", arguments: [0, 1])
  func lowWatermark(watermark: Int) throws {
    let bench = Bench(watermark: watermark)
    #expect(bench.write(100))
    #expect(!bench.write(1))
    _ = bench.calls()
    #expect(bench.write(100))
  }

  @Test(
    "calls that carry hardly any bytes do not pile up without bound",
    arguments: [(Bench.Kind.stream, 1), (.datagram, 0)])
  fileprivate func boundedCalls(kind: Bench.Kind, byteCount: Int) throws {
    let bench = Bench(watermark: 10_000, kind: kind)
    var taken = 0
    for _ in 0..<100_000 {
      if bench.write(byteCount) { taken += 1 }
      _ = bench.queue.wake()
    }
    #expect(taken < 1000)
    #expect(bench.calls().count < 2000)
    #expect(bench.write(byteCount))
  }

  @Test("writing nothing to a stream leaves nothing to be done")
  func nothing() throws {
    let bench = Bench()
    #expect(bench.write(0) && bench.queue.wake() && bench.write(0) && bench.queue.wake() && bench.write(0))
    #expect(bench.calls() == ["wake"])
  }

  @Test(
    "what is written waits in storage that has been used before", arguments: [Bench.Kind.stream, .datagram])
  fileprivate func reuse(kind: Bench.Kind) throws {
    let bench = Bench(kind: kind)
    var used = RingBuffer(minimumCapacity: 4096)
    bench.loop.spareRings.give(&used)
    #expect(bench.write(1) && bench.write(2))
    #expect(bench.loop.spareRings.byteCount == 0)
    #expect(bench.asLoop { bench.queue.takeCalls().output.capacity } == 4096)
  }

  @Test("what the callback that made the handle has written does not count for ever")
  func madeWhileWriting() throws {
    let bench = Bench { state in state.lentOutput.pointee.write([UInt8](repeating: 1, count: 5000)) }
    #expect(bench.write(1))
  }

  @Test("output that waited before counts")
  func madeWithPending() throws {
    let bench = Bench { state in
      state.outbound.write([UInt8](repeating: 1, count: 5000))
      state.accountedOutput = 5000
    }
    #expect(!bench.write(1))
  }

  @Test("after close everything is refused, and waiting calls remain")
  func afterClose() throws {
    let bench = Bench()
    #expect(bench.write(1) && bench.queue.close())
    #expect(!bench.write(1) && !bench.queue.wake() && !bench.queue.close() && !bench.queue.isOpen)
    #expect(bench.calls() == ["write 1", "close"])
  }

  @Test(
    "one made for a connection that is ending refuses from the start",
    arguments: [StreamLife.Ending.close, .detach])
  func ending(ending: StreamLife.Ending) throws {
    let bench = Bench { state in state.life.ending = ending }
    #expect(!bench.write(1) && !bench.queue.wake() && !bench.queue.close() && !bench.queue.isOpen)
  }

  @Test("refusing hands over what waits and keeps nothing")
  func refusing() throws {
    let bench = Bench()
    #expect(bench.write(8))
    #expect(bench.asLoop { bench.queue.closeForCalls().output.count } == 8)
    #expect(!bench.write(1))
    #expect(bench.asLoop { bench.queue.takeCalls().output.count } == 0)
  }

  @Test("after the loop's end everything is refused, and nothing stays in its mailbox")
  func afterLoop() throws {
    let bench = Bench()
    #expect(bench.write(8))
    bench.loop.markEnded()
    #expect(bench.loop.mailbox.isEmpty)
    #expect(!bench.write(1) && !bench.queue.wake() && !bench.queue.close() && !bench.queue.isOpen)
    // A thread that had looked before the end, and posts after it.
    bench.loop.post(.calls(bench.queue))
    #expect(bench.loop.mailbox.isEmpty)
  }

  @Test("a connection that was dealt to a loop that has ended is closed and not counted")
  func dealtTooLate() throws {
    let bench = Bench()
    bench.loop.markEnded()
    bench.loop.addConnection()
    bench.loop.post(.numbered(0))
    #expect(bench.loop.connectionLoad == 0)
  }
}
