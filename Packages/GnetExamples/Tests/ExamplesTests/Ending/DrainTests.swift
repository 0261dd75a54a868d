import Foundation
import TestPeers
import Testing

@Suite("A server that is asked to end")
struct DrainTests {
  /// Longer than any test waits: a server that ends sooner has not waited for its drain time-out.
  private static let patient = ["--drain-timeout", "3600"]

  // MARK: http

  @Test(
    "http answers what curl has asked for, and says that it is the last answer",
    .needs("curl"), arguments: [SIGTERM, SIGINT, SIGHUP], [1, 2])
  func delay(number: Int32, loops: Int) throws {
    // A program inherits the signals that are ignored, as under nohup.
    signal(SIGHUP, SIG_DFL)
    let server = try HTTPServer(loops: loops, Self.patient)
    // Its standard error is not buffered: it says when the request is on its way.
    let curl = try Program(
      "sh",
      ["-c", #"exec curl --silent --verbose --include --noproxy "*" --max-time 60 $0 2>&1"#, server.url("/delay/1000")])
    while let line = curl.line(), !line.hasPrefix("> GET") {}
    server.program.signal(number)
    let answer = String(decoding: curl.outputToEnd(), as: UTF8.self)
    #expect(curl.exitCode() == 0)
    #expect(answer.contains("HTTP/1.1 200 OK\r\n") && answer.contains("Connection: close\r\n"))
    #expect(answer.contains("1000 ms later\n"))
    #expect(server.program.exitCode() == 0)
  }

  @Test("the drain time-out ends what takes longer, with exit code 0", arguments: ["0", "0.3"])
  func limit(seconds: String) throws {
    let server = try HTTPServer(loops: 1, ["--drain-timeout", seconds])
    let client = try server.connect()
    client.send(get("/plaintext") + get("/delay/60000"))
    #expect(client.response()?.status == 200)
    let start = ContinuousClock.now
    server.program.signal(SIGTERM)
    #expect(client.isAtEnd())
    #expect(server.program.exitCode() == 0)
    #expect(ContinuousClock.now - start < .seconds(30))
    #expect(seconds == "0" || ContinuousClock.now - start >= .milliseconds(300))
  }

  // MARK: Others

  @Test(
    "blocking answers the jobs that it has taken, and waits for the rest of a line",
    .needs("python3"), arguments: [1, 2])
  func blocking(loops: Int) throws {
    let blocking = try Example("blocking", loops: loops, Self.patient)
    try blocking.python(
      """
      import os, signal
      busy, half, idle = connect(), connect(), connect()
      say(busy, "700\\n400\\n")
      say(half, "0\\n1")
      equal(lines(half)(), "done 0\\n")
      os.kill(\(blocking.server.processIdentifier), signal.SIGTERM)
      equal(idle.recv(1), b"")
      say(half, "7\\n")
      equal(half.makefile().read(), "done 17\\n")
      equal(busy.makefile().read(), "done 400\\ndone 700\\n")
      """)
    #expect(blocking.server.exitCode() == 0)
  }

  @Test(
    "connections of echo, chat, push and upgrade go on until the client ends them",
    .needs("python3"), arguments: ["echo", "chat", "push", "upgrade"], [1, 2])
  func others(name: String, loops: Int) throws {
    let arguments = name == "push" ? ["--interval", "20"] : []
    let example = try Example(name, loops: loops, arguments + Self.patient)
    try example.python(
      """
      import os, signal
      s = connect()
      read = lines(s)
      say(s, "name\\n")
      assert read()
      os.kill(\(example.server.processIdentifier), signal.SIGHUP)
      # Refused when the listening socket is closed.
      while True:
          try: connect().close()
          except ConnectionRefusedError: break
          except ConnectionResetError: pass
      for i in range(3):
          say(s, "/who\\n")
          assert read()
      """)
    #expect(example.server.exitCode() == 0)
  }

  @Test("a drain time-out that makes no sense is exit code 64", arguments: ["-1", "x", "nan", "3601"])
  func badTimeout(seconds: String) throws {
    let echo = try Program("echo", ["tcp://127.0.0.1:0", "--drain-timeout=\(seconds)"])
    #expect(echo.errorsToEnd().contains("--drain-timeout"))
    #expect(echo.exitCode() == 64)
  }
}
