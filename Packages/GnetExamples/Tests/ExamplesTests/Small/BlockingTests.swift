import Foundation
import Gnet
import GnetTesting
import TestPeers
import Testing

@testable import blocking

@Suite("blocking")
struct BlockingTests {
  @Test("answers come when they are ready", .needs("nc"), arguments: [1, 2])
  func answers(loops: Int) throws {
    let blocking = try Example("blocking", loops: loops)
    let client = try blocking.connect()
    try client.send("1500\n0\r\n007\n")
    #expect(Set([client.line(), client.line()]) == ["done 0", "done 7"])
    #expect(client.line() == "done 1500")
    blocking.end(client, by: SIGINT)
  }

  @Test("who ends the stream after the last line still gets every answer", .needs("nc"), arguments: [1, 2])
  func halfClosed(loops: Int) throws {
    let blocking = try Example("blocking", loops: loops, ["--workers", "1"])
    #expect(
      try blocking.answer(to: "100\n5\nx\n0")
        == "error: a line is a number of milliseconds from 0 to 10000\ndone 100\ndone 5\n")
    #expect(try blocking.answer(to: "") == "")
    for _ in 0..<10 { #expect(try blocking.answer(to: "0\n0\n") == "done 0\ndone 0\n") }
    blocking.end()
  }

  @Test(
    "what the pool does not take is answered at once, and the server ends without waiting for jobs",
    .needs("nc"), arguments: [1, 2])
  func busy(loops: Int) throws {
    let blocking = try Example("blocking", loops: loops, ["--workers", "1", "--queue", "2"])
    let begin = ContinuousClock.now
    let (first, second) = (try blocking.connect(), try blocking.connect())
    try first.send(String(repeating: "10000\n", count: 12))
    // One runs and two wait.
    for _ in 0..<9 { #expect(first.line() == "busy") }
    for client in [first, second] {
      try client.send("none\n")
      #expect(client.line()?.contains("error") == true)
    }
    blocking.end()
    #expect(ContinuousClock.now - begin < .seconds(9))
  }

  @Test("a line that is no number from 0 to 10000 is an error, and the next is served", arguments: [1, 2])
  func badLines(loops: Int) throws {
    // Takes no jobs: threads that work are no part of a simulation.
    let pool = WorkerPool(threadCount: 1, queueCapacity: 1)
    pool.shutdown()
    try SimulatedExample.run(Service { _ in Session(pool: pool) }, loops: loops) { blocking in
      let client = blocking.connect()
      let bad = [
        "", " ", "-1", "+1", "1.5", "1 ", "10001", String(repeating: "9", count: 30), "0x10", "ten", "\u{661}", "\r",
        "1\0",
      ]
      for line in bad {
        client.send("\(line)\n")
        try blocking.expect("error: a line is a number of milliseconds from 0 to 10000", at: client)
      }
      client.send("1\n")
      try blocking.expect("busy", at: client)
      client.send(String(repeating: "1", count: 100_000))
      try blocking.expect("error: a line may have at most 4096 bytes", at: client)
      try blocking.expect(nil, at: client)
    }
  }

  @Test("the jobs of clients that have gone make room for others", .needs("python3"), arguments: [1, 2])
  func gone(loops: Int) throws {
    try Example("blocking", loops: loops, ["--workers", "1", "--queue", "4"]).endAfterPython(
      """
      import time
      begin = time.monotonic()
      for round in range(4):
          for end in [reset, socket.socket.close]:
              gone = connect()
              say(gone, "10000\\n" * 20 + "?\\n")
              # A stream that ends with answers unread is reset, too.
              while "error" not in gone.recv(4096, socket.MSG_PEEK).decode(): gone.recv(4096)
              end(gone)
      s = connect()
      read = lines(s)
      while True:
          say(s, "0\\n")
          if read() == "done 0\\n": break
      assert time.monotonic() - begin < 9
      """)
  }

  @Test(
    "arguments that make no sense are exit code 64",
    arguments: ["--workers=0", "--workers=1025", "--queue=0", "--queue=1000001", "--queue=x"])
  func badArguments(argument: String) throws {
    let blocking = try Program("blocking", ["tcp://127.0.0.1:0", argument])
    #expect(blocking.errorsToEnd().contains("Usage: blocking"))
    #expect(blocking.exitCode() == 64)
  }
}
