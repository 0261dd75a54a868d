import Foundation
import Gnet
import GnetTesting
import TestPeers
import Testing

@testable import push

@Suite("push")
struct PushTests {
  private func isTime(_ line: String?) -> Bool {
    line?.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil
  }

  @Test("every connection of every loop gets the time, again and again", .needs("nc"), arguments: [1, 2])
  func subscribers(loops: Int) throws {
    let push = try Example("push", loops: loops, ["--interval", "20", "--drain-timeout", "0.1"])
    let subscribers = try (0..<4).map { _ in try push.connect() }
    for subscriber in subscribers {
      let times = (0..<5).map { _ in subscriber.line() ?? "" }
      #expect(times.allSatisfy(isTime))
      #expect(times == times.sorted() && Set(times).count == 5)
      try subscriber.send("what a client says does not matter\n")
    }
    #expect(isTime(subscribers[0].line()))
    push.server.signal(SIGTERM)
    for subscriber in subscribers {
      subscriber.endInput()
      while subscriber.line() != nil {}
      #expect(subscriber.exitCode() == 0)
    }
    #expect(push.server.exitCode() == 0)
  }

  // MARK: On a simulated network

  private func withPush(
    interval: Duration, loops: Int, seeds: Range<UInt64> = 0..<20, _ test: (SimulatedExample) throws -> Void
  ) throws {
    try SimulatedExample.run(
      Service { _ in Clock(interval: interval) }, Push.options, loops: loops, seeds: seeds, test)
  }

  /// Waits for the next line of a subscriber, which must be a time.
  private func expectTime(at subscriber: SimulatedPeer, _ push: SimulatedExample) throws {
    let line = try push.line(of: subscriber)
    try push.require(isTime(line), "\(line ?? "the end") instead of a time")
  }

  @Test("the interval is kept", arguments: [1, 2])
  func interval(loops: Int) throws {
    try withPush(interval: .milliseconds(200), loops: loops) { push in
      let subscribers = (0..<3).map { _ in push.connect() }
      try expectTime(at: subscribers[0], push)
      push.simulation.run(for: .seconds(10) + .milliseconds(100))
      for subscriber in subscribers {
        let count = subscriber.receivedText.count { $0 == "\n" }
        try push.require(49...51 ~= count, "\(count) lines in ten seconds")
      }
    }
  }

  @Test("a client that has ended its own stream still gets the time", arguments: [1, 2])
  func halfClosed(loops: Int) throws {
    try withPush(interval: .milliseconds(20), loops: loops) { push in
      let subscriber = push.connect()
      subscriber.send("what a client says does not matter")
      subscriber.endOutput()
      for _ in 0..<5 { try expectTime(at: subscriber, push) }
    }
  }

  @Test("who does not read misses lines, and gets new ones later", arguments: [1, 2])
  func slowSubscriber(loops: Int) throws {
    try withPush(interval: .milliseconds(1), loops: loops, seeds: 0..<1) { push in
      push.simulation.network.bufferCapacity = 1024
      let (slow, quick) = (push.connect(), push.connect())
      slow.isReadingPaused = true
      push.simulation.run(for: .seconds(1))
      slow.isReadingPaused = false
      push.simulation.run(for: .milliseconds(100))
      let counts = [slow, quick].map { $0.receivedText.count { $0 == "\n" } }
      // The old lines that the buffers of both ends and the output may hold, and new ones.
      let kept = (2 * 1024 + Push.options.outboundHighWatermark) / 25
      try push.require(counts[1] > 900, "\(counts[1]) lines for who reads")
      try push.require(kept / 2...kept + 110 ~= counts[0], "\(counts[0]) lines for who does not read")
      push.simulation.run(for: .milliseconds(100))
      let later = slow.receivedText.count { $0 == "\n" } - counts[0]
      try push.require(90...110 ~= later, "\(later) lines later")
    }
  }

  @Test("clients that are reset do not disturb the others", arguments: [1, 2])
  func reset(loops: Int) throws {
    try withPush(interval: .milliseconds(2), loops: loops, seeds: 0..<3) { push in
      let subscriber = push.connect()
      for _ in 0..<20 {
        let others = (0..<4).map { _ in push.connect() }
        try expectTime(at: subscriber, push)
        for other in others { other.reset() }
      }
      for _ in 0..<10 { try expectTime(at: subscriber, push) }
    }
  }

  @Test("an interval that makes no sense is exit code 64", arguments: ["0", "-1", "x", "86400001"])
  func badInterval(interval: String) throws {
    let push = try Program("push", ["tcp://127.0.0.1:0", "--interval=\(interval)"])
    #expect(push.errorsToEnd().contains("Usage: push"))
    #expect(push.exitCode() == 64)
  }
}
