import Foundation
import Testing

@Suite("The repository's README")
struct RepositoryTests {
  private let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../..").standardized

  @Test("it shows the server that the Gnet package's tests compile")
  func server() throws {
    let readme = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
    let tested = try String(contentsOf: root.appending(path: "Packages/Gnet/README.md"), encoding: .utf8)
    func firstBlock(_ text: String) -> Substring? { text.firstMatch(of: /```swift\n(?<code>(.|\n)*?)```/)?.code }
    let block = try #require(firstBlock(readme))
    #expect(block == firstBlock(tested))
  }
}
