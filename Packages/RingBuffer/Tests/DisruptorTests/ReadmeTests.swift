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
  func isQuoted() {
    let example = Files.lines(of: "README.md", from: "<!-- DisruptorTests/ReadmeTests.swift -->", to: "```")
    let code = Files.lines(
      of: "Tests/DisruptorTests/ReadmeTests.swift", from: "// README: begin", to: "// README: end")
    #expect(example == ["```swift", "import Disruptor"] + code && !code.isEmpty)
  }
}
