import RingBuffer
import TestSupport
import Testing

@Suite("The example of the README")
struct ReadmeTests {
  @Test("it says what comes out")
  func run() {
    var output: [String] = []
    func print(_ value: some Any) { output.append("\(value)") }

    // README: begin
    var input = RingBuffer()
    var lines: [String] = []

    for packet in ["GET key\r\nSET k", "ey 42\r", "\nQU"] {
      input.write(packet)
      while let end = input.firstIndex(of: UInt8(ascii: "\n")) {
        let line = input.read(end + 1)
        lines.append(String(decoding: line.dropLast(2), as: UTF8.self))
      }
    }

    print(lines)  // ["GET key", "SET key 42"]
    print(input.count)  // 2
    print(input[0])  // 81
    // README: end

    #expect(output == [#"["GET key", "SET key 42"]"#, "2", "81"])
  }

  @Test("it is the code above")
  func isQuoted() throws {
    let example = try #require(
      text(of: "README.md").firstSwiftBlock(after: "<!-- RingBufferTests/ReadmeTests.swift -->"))
    let code = try #require(text(of: "Tests/RingBufferTests/ReadmeTests.swift").marked())
    #expect(example == ["import RingBuffer"] + code)
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
