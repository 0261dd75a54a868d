import Foundation
import TestPeers
import Testing

@Suite("echo")
struct EchoTests {

  @Test("nc gets back what it sent", .needs("nc"))
  func netcat() throws {
    let echo = try Program("echo", ["tcp://localhost:0"])
    let port = try port(in: echo.line())
    #expect(try output(of: "nc", ["-N", "localhost", port], input: Array("hello".utf8)) == Array("hello".utf8))
    echo.signal(SIGTERM)
    #expect(echo.exitCode() == 0)
  }

  @Test("random bytes through socat come back identical", .needs("socat"), arguments: ["tcp", "unix"])
  func socat(transport: String) throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "echo-\(UUID().uuidString.prefix(8))").path
    let echo = try Program("echo", [transport == "tcp" ? "tcp://127.0.0.1:0" : "unix://\(path)", "--loops", "2"])
    let line = try #require(echo.line())
    let target = transport == "tcp" ? "TCP:127.0.0.1:\(try port(in: line))" : "UNIX-CONNECT:\(path)"
    var generator = SystemRandomNumberGenerator()
    let words = (0..<(1 << 20)).map { _ in generator.next() }
    let bytes = unsafe words.withUnsafeBytes { unsafe [UInt8]($0) }
    #expect(try output(of: "socat", ["-t", "10", "-", target], input: bytes) == bytes)
    echo.signal(SIGINT)
    #expect(echo.exitCode() == 0)
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test("a datagram comes back", .needs("socat"))
  func datagram() throws {
    let echo = try Program("echo", ["udp://127.0.0.1:0"])
    let port = try port(in: echo.line())
    #expect(
      try output(of: "socat", ["-T", "1", "-", "UDP:127.0.0.1:\(port)"], input: Array("hi".utf8)) == Array("hi".utf8))
  }

  @Test("it says where it listens, address by address in the order given", arguments: [1, 3])
  func announcement(loops: Int) throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "echo-\(UUID().uuidString.prefix(8))").path
    let addresses = ["udp4://127.0.0.1:0", "tcp://:0?reuseport=true", "unix://\(path)", "[::1]:0"]
    let echo = try Program("echo", addresses + ["--loops", "\(loops)"])
    let lines = (0..<4).map { _ in echo.line() ?? "" }
    #expect(lines[0].wholeMatch(of: /listening on udp:\/\/127\.0\.0\.1:[1-9][0-9]*/) != nil)
    #expect(lines[1].wholeMatch(of: /listening on tcp:\/\/\[::\]:[1-9][0-9]*/) != nil)
    #expect(lines[2] == "listening on unix://\(path)")
    #expect(lines[3].wholeMatch(of: /listening on tcp:\/\/\[::1\]:[1-9][0-9]*/) != nil)
    echo.signal(SIGTERM)
    #expect(echo.outputToEnd().isEmpty)
    #expect(echo.exitCode() == 0)
  }

  @Test("a busy port is one line and exit code 1")
  func busyPort() throws {
    let first = try Program("echo", ["tcp://127.0.0.1:0"])
    let port = try port(in: first.line())
    let second = try Program("echo", ["tcp://127.0.0.1:\(port)"])
    #expect(
      second.errorsToEnd() == "Error: bind failed for address \"tcp://127.0.0.1:\(port)\": Address already in use\n")
    #expect(second.exitCode() == 1)
    #expect(second.outputToEnd().isEmpty)
  }

  @Test(
    "a bad address is one line that quotes it, and exit code 1",
    arguments: ["ftp://x:1", "localhost", ":99999", "unix://"])
  func badAddress(address: String) throws {
    let echo = try Program("echo", [address])
    let message = echo.errorsToEnd()
    #expect(message.hasPrefix("Error: ") && message.contains("\"\(address)\"") && message.hasSuffix("\n"))
    #expect(message.split(separator: "\n").count == 1)
    #expect(echo.exitCode() == 1)
  }

  @Test(
    "arguments that make no sense are exit code 64",
    arguments: [["--loops"], ["--loops", "x"], ["--loops", "0"], ["--colour"], ["--loops", "2", "--multicore"]])
  func badArguments(arguments: [String]) throws {
    let echo = try Program("echo", arguments)
    #expect(echo.errorsToEnd().contains("Usage: echo"))
    #expect(echo.exitCode() == 64)
  }

  @Test("ways of balancing are told in the words that are accepted")
  func balancing() throws {
    let words = ["round-robin", "least-connections", "source-address-hash"]
    let echo = try Program("echo", ["--load-balancing", "roundRobin"])
    let message = echo.errorsToEnd()
    #expect(words.allSatisfy(message.contains) && echo.exitCode() == 64)
    let help = String(decoding: try output(of: "echo", ["--help"], input: []), as: UTF8.self)
    #expect(words.allSatisfy(help.contains) && !help.contains("roundRobin"))
    for word in words {
      let echo = try Program("echo", ["tcp://127.0.0.1:0", "--load-balancing", word])
      #expect(echo.line()?.hasPrefix("listening on ") == true)
      echo.signal(SIGTERM)
      #expect(echo.exitCode() == 0)
    }
  }
}
