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
  func isQuoted() {
    let example = Files.lines(of: "README.md", from: "<!-- RingBufferTests/ReadmeTests.swift -->", to: "```")
    let code = Files.lines(
      of: "Tests/RingBufferTests/ReadmeTests.swift", from: "// README: begin", to: "// README: end")
    #expect(example == ["```swift", "import RingBuffer"] + code && !code.isEmpty)
  }
}
