import Foundation
import TestPeers
import Testing

@Suite("The small examples")
struct SmallExamplesTests {
  static let names = ["echo", "chat", "push", "blocking", "upgrade"]
  private let sources = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../Sources")
    .standardized

  @Test("they are short enough to be read: under 400 lines together, and each begins with what it is")
  func length() throws {
    var count = 0
    for name in Self.names {
      let folder = sources.appending(path: name)
      for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) {
        let text = try String(contentsOf: file, encoding: .utf8)
        count += text.split(separator: "\n", omittingEmptySubsequences: false).count - 1
        if text.contains("@main") { #expect(text.hasPrefix("// ")) }
      }
    }
    #expect(count < 400)
  }

  @Test("those that serve connections refuse addresses of datagrams, in one line", arguments: names.dropFirst())
  func datagrams(name: String) throws {
    let server = try Program(name, ["tcp://127.0.0.1:0", "udp4://127.0.0.1:0"])
    #expect(
      server.errorsToEnd()
        == "Error: invalid address \"udp4://127.0.0.1:0\": connections are served here, not datagrams\n")
    #expect(server.exitCode() == 1)
  }
}
