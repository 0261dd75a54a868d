import Disruptor
import TestSupport
import Testing

@Suite("The example of the README")
struct ReadmeTests {
  @Test("it says what comes out")
  func run() {
    var output: [String] = []
    func print(_ value: some Any) { output.append("\(value)") }

    // README: begin
    let mailbox = Disruptor<String>(capacity: 1024)

    // On any thread:
    if let refused = mailbox.tryPublish("hello") {
      print("full, try again with \(refused)")
    }

    // On the consumer's thread:
    let count = mailbox.drain(limit: 100) { message in
      print(message)  // hello
    }
    print(count)  // 1
    // README: end

    #expect(output == ["hello", "1"])
  }

  @Test("it is the code above")
  func isQuoted() throws {
    let example = try #require(
      text(of: "README.md").firstSwiftBlock(after: "<!-- DisruptorTests/ReadmeTests.swift -->"))
    let code = try #require(text(of: "Tests/DisruptorTests/ReadmeTests.swift").marked())
    #expect(example == ["import Disruptor"] + code)
  }

  /// A file of this package.
  private func text(of path: String) throws -> String {
    try #require(Files.text("\(Files.packageFolder())/\(path)"))
  }
}

extension String {
  /// The lines with something in them, without indentation and with one space between words.
  private static func normalised(_ lines: some Sequence<Substring>) -> [String] {
    lines.map { $0.split(separator: " ").joined(separator: " ") }.filter { !$0.isEmpty }
  }

  /// The code of the first Swift block after a line.
  fileprivate func firstSwiftBlock(after line: String) -> [String]? {
    let lines = split(separator: "\n").drop { $0 != line }.dropFirst()
    guard lines.first == "```swift" else { return nil }
    return Self.normalised(lines.dropFirst().prefix { $0 != "```" })
  }

  /// The code between the marks.
  fileprivate func marked() -> [String]? {
    let lines = split(separator: "\n").drop { !$0.hasSuffix("// README: begin") }.dropFirst()
    return Self.normalised(lines.prefix { !$0.hasSuffix("// README: end") })
  }
}
