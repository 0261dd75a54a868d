import Foundation
import TestPeers
import TestSupport
import Testing

@Suite("an example without its standard streams")
struct StandardStreamsTests {
  @Test(
    "no connection gets what is printed where standard streams are closed", arguments: ["<&-", ">&-", "<&- >&- 2>&-"])
  func closedStreams(closing: String) throws {
    try withEcho("exec \"$0\" \"$@\" \(closing)")
  }

  @Test("a reader of standard output that has gone does not end the server", .enabled(if: Program.has("bash")))
  func goneReader() throws {
    try withEcho("exec > >(:); wait $!; exec \"$0\" \"$@\"")
  }

  /// Runs the echo server from a script, and expects an echo and nothing more.
  private func withEcho(_ script: String) throws {
    let path = Files.temporaryPath()
    let echo = try Program("bash", ["-c", script, #require(Program.path(of: "echo")), "unix://\(path)"])
    var answer: [UInt8]?
    try require("it answers") {
      guard let client = try? Client(path: path) else { return false }
      try client.send("hello")
      client.endOutput()
      answer = try client.receiveToEnd()
      return true
    }
    #expect(answer == Array("hello".utf8))
    echo.signal(SIGTERM)
    #expect(echo.exitCode() == 0)
  }
}
