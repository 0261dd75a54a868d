import Foundation
import TestPeers
import Testing

@Suite("upgrade")
struct UpgradeTests {
  @Test("lines come back, then bytes, all sent at once", .needs("nc"), arguments: [1, 2])
  func pipelined(loops: Int) throws {
    let upgrade = try Example("upgrade", loops: loops)
    for _ in 0..<5 {
      #expect(
        try upgrade.answer(to: "a\r\n\nupgrade\nUPGRADE\nraw\0\r\nUPGRADE\nbytes")
          == "a\n\nupgrade\nupgraded\nraw\0\r\nUPGRADE\nbytes")
    }
    #expect(try upgrade.answer(to: "no more\nthan lines") == "no more\n")
    upgrade.end()
  }

  @Test("a conversation goes on over the upgrade, and the server ends with it open", .needs("nc"), arguments: [1, 2])
  func conversation(loops: Int) throws {
    let upgrade = try Example("upgrade", loops: loops)
    let (client, other) = (try upgrade.connect("-C"), try upgrade.connect())
    #expect(try client.answer(to: "hello\n") == "hello")
    #expect(try client.answer(to: "UPGRADE\n") == "upgraded")
    #expect(try client.answer(to: "hello\n") == "hello\r")
    #expect(try other.answer(to: "lines\n") == "lines")
    upgrade.end(client, other)
  }

  @Test("random bytes behind the line come back identical through socat", .needs("socat"), arguments: [1, 2])
  func randomBytes(loops: Int) throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "upgrade-\(UUID().uuidString.prefix(8))").path
    let upgrade = try Example("upgrade", loops: loops, ["unix://\(path)"])
    var generator = SystemRandomNumberGenerator()
    let words = (0..<(1 << 18)).map { _ in generator.next() }
    let bytes = unsafe words.withUnsafeBytes { unsafe [UInt8]($0) }
    for target in ["TCP:127.0.0.1:\(upgrade.port)", "UNIX-CONNECT:\(path)"] {
      let answer = try output(of: "socat", ["-t", "20", "-", target], input: Array("UPGRADE\n".utf8) + bytes)
      #expect(answer == Array("upgraded\n".utf8) + bytes)
    }
    upgrade.end()
  }

  @Test("no byte is lost, wherever the packets part", .needs("python3"), arguments: [1, 2])
  func packets(loops: Int) throws {
    try Example("upgrade", loops: loops).endAfterPython(
      """
      sent = b"one\\r\\nUPGRADE\\r\\nraw bytes \\0\\xff"
      for size in range(1, len(sent) + 1):
          s = connect()
          s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
          for start in range(0, len(sent), size): s.sendall(sent[start:start + size])
          s.shutdown(socket.SHUT_WR)
          equal(s.makefile("rb").read(), b"one\\nupgraded\\nraw bytes \\0\\xff")
      """)
  }

  @Test(
    "clients that are reset, or send a line that is too long, do not disturb others",
    .needs("python3"), arguments: [1, 2])
  func badClients(loops: Int) throws {
    try Example("upgrade", loops: loops).endAfterPython(
      """
      for round in range(20):
          # Reset before, while and after the connection changes hands, with and without bytes on their way.
          for talk in ["x\\n", "UPGRADE\\n", "UPGRADE\\n" + "x" * 50_000]:
              s = connect()
              say(s, talk)
              if round % 2: s.recv(1)
              reset(s)
      s = connect()
      say(s, "x" * 70_000)
      read = lines(s)
      equal(read(), "error: a line may have at most 65536 bytes\\n")
      equal(read(), "")
      s = connect()
      say(s, "y" * 65536 + "\\nUPGRADE\\n")
      read = lines(s)
      equal(read(), "y" * 65536 + "\\n")
      equal(read(), "upgraded\\n")
      """)
  }
}
