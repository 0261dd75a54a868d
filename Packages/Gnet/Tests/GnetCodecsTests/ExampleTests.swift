import GnetCodecs
import RingBuffer
import TestSupport
import Testing

// Example: begin
let codec = LineCodec(maximumFrameLength: 1024)

func echoLines(from input: inout RingBuffer, into output: inout RingBuffer) throws(FrameError) {
  while let line = try codec.decode(from: &input) { try codec.encode(line, into: &output) }
}
// Example: end

@Suite("The example of the documentation")
struct ExampleTests {
  @Test("it echoes lines, and throws when one is too long")
  func echo() throws {
    var input = RingBuffer()
    var output = RingBuffer()
    for (piece, answer) in [("he", ""), ("llo\r\nwor", "hello\n"), ("ld\n\n", "world\n\n")] {
      input.write(piece)
      try echoLines(from: &input, into: &output)
      #expect(output.readAll() == Array(answer.utf8))
    }
    input.write("last\n" + String(repeating: "x", count: 1025))
    #expect(throws: FrameError.frameTooLong(limit: 1024)) { try echoLines(from: &input, into: &output) }
    #expect(output.readAll() == Array("last\n".utf8))
  }

  @Test("it is the code above")
  func isQuoted() {
    let documentation = Files.lines(of: "Sources/GnetFraming/FrameCodec.swift", from: "/// ```swift", to: "/// ```")
    let code = Files.lines(
      of: "Tests/GnetCodecsTests/ExampleTests.swift", from: "// Example: begin", to: "// Example: end")
    #expect(documentation.map { $0.dropFirst("/// ".count) }.filter { !$0.isEmpty } == code.map { $0[...] })
    #expect(!code.isEmpty)
  }
}
