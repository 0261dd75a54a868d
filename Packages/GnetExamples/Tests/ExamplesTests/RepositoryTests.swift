import Foundation
import TestPeers
import Testing

@Suite("The repository")
struct RepositoryTests {
  private let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../..").standardized

  @Test("its README shows the server that the Gnet package's tests compile")
  func server() throws {
    let readme = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
    let tested = try String(contentsOf: root.appending(path: "Packages/Gnet/README.md"), encoding: .utf8)
    func firstBlock(_ text: String) -> Substring? { text.firstMatch(of: /```swift\n(?<code>(.|\n)*?)```/)?.code }
    let block = try #require(firstBlock(readme))
    #expect(block == firstBlock(tested))
  }

  @Test("tools/run lists the examples on standard output, with a line for each")
  func list() throws {
    let tool = try Program(root.appending(path: "tools/run").path, [])
    let lines = String(decoding: tool.outputToEnd(), as: UTF8.self).split(separator: "\n")
    #expect(tool.exitCode() == 0)
    for name in SmallExamplesTests.names + ["http", "redis", "memcached", "statsd", "proxy", "service-group"] {
      #expect(lines.count { $0.hasPrefix("  \(name)  ") } == 1, "\(name)")
    }
  }
}
