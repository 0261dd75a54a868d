import Foundation
import TestPeers
import Testing

@Suite("push")
struct PushTests {
  private func isTime(_ line: String?) -> Bool {
    line?.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil
  }

  @Test("every connection of every loop gets the time, again and again", .needs("nc"), arguments: [1, 2])
  func subscribers(loops: Int) throws {
    let push = try Example("push", loops: loops, ["--interval", "20"])
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

  @Test("the interval is kept", .needs("python3"))
  func interval() throws {
    try Example("push", loops: 1, ["--interval", "200"]).endAfterPython(
      """
      from datetime import datetime
      read = lines(connect())
      times = [datetime.fromisoformat(read().strip().replace("Z", "+00:00")) for _ in range(6)]
      assert (times[5] - times[0]).total_seconds() > 0.99, times
      """)
  }

  @Test("a client that has ended its own stream still gets the time", .needs("nc"), arguments: [1, 2])
  func halfClosed(loops: Int) throws {
    let push = try Example("push", loops: loops, ["--interval", "20"])
    let subscriber = try Program("nc", ["-N", "-w", "20", "127.0.0.1", push.port])
    for _ in 0..<5 { #expect(isTime(subscriber.line())) }
    push.end()
  }

  @Test("who does not read misses lines, and gets new ones later", .needs("python3"), arguments: [1, 2])
  func slowSubscriber(loops: Int) throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "push-\(UUID().uuidString.prefix(8))").path
    try Example("push", loops: loops, ["unix://\(path)", "--interval", "1"]).endAfterPython(
      """
      def subscribe():
          s = socket.socket(socket.AF_UNIX)
          s.settimeout(20)
          s.connect("\(path)")
          return s
      slow, quick = subscribe(), subscribe()
      read, read_slow = lines(quick), lines(slow)
      def now():
          from datetime import datetime, timezone
          return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:23] + "Z\\n"
      for _ in range(1800): read()
      count, resumed = 0, now()
      while read_slow() < resumed: count += 1
      assert 0 < count < 1700, count
      """)
  }

  @Test("clients that are reset do not disturb the others", .needs("python3"), arguments: [1, 2])
  func reset(loops: Int) throws {
    try Example("push", loops: loops, ["--interval", "2"]).endAfterPython(
      """
      read = lines(connect())
      for round in range(50):
          others = [connect() for _ in range(4)]
          read()
          for s in others: reset(s)
      for _ in range(10): assert read()
      """)
  }

  @Test("an interval that makes no sense is exit code 64", arguments: ["0", "-1", "x", "86400001"])
  func badInterval(interval: String) throws {
    let push = try Program("push", ["tcp://127.0.0.1:0", "--interval=\(interval)"])
    #expect(push.errorsToEnd().contains("Usage: push"))
    #expect(push.exitCode() == 64)
  }
}
