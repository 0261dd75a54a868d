import GnetCodecs
import RingBuffer
import TestSupport
import Testing

/// The part of a server that the example needs.
private struct Events {
  var react: ((inout Connection, inout RingBuffer) -> Action)?
}

private enum Action { case none, close }

private struct Connection: ~Copyable {
  var written = RingBuffer()

  mutating func write(moving bytes: inout RingBuffer) { written.append(moving: &bytes) }
}

@Suite("The example of the documentation")
struct ExampleTests {
  @Test("it echoes lines, and closes when one is too long")
  func echo() throws {
    var events = Events()

    // Example: begin
    let codec = LineCodec(maximumFrameLength: 1024)
    events.react = { connection, input in
      var output = RingBuffer()
      defer { connection.write(moving: &output) }
      do {
        while let line = try codec.decode(from: &input) { try codec.encode(line, into: &output) }
        return .none
      } catch {
        return .close
      }
    }
    // Example: end

    let react = try #require(events.react)
    var connection = Connection()
    var input = RingBuffer()
    for (piece, answer) in [("he", ""), ("llo\r\nwor", "hello\n"), ("ld\n\n", "world\n\n")] {
      input.write(piece)
      let action = react(&connection, &input)
      #expect(action == .none)
      #expect(connection.written.readAll() == Array(answer.utf8))
    }
    input.write("last\n" + String(repeating: "x", count: 1025))
    let action = react(&connection, &input)
    #expect(action == .close)
    #expect(connection.written.readAll() == Array("last\n".utf8))
  }

  @Test("it is the code above")
  func isQuoted() throws {
    let documentation = try lines(
      of: "Sources/GnetFraming/FrameCodec.swift", from: "/// ```swift", to: "/// ```")
    let code = try lines(
      of: "Tests/GnetCodecsTests/ExampleTests.swift", from: "// Example: begin", to: "// Example: end")
    #expect(!code.isEmpty && documentation.map { $0.dropFirst("/// ".count) } == code.map { $0.dropFirst(4) })
  }

  /// The lines between two others in a file of this package.
  private func lines(of path: String, from first: String, to last: String) throws -> [Substring] {
    let text = try #require(Files.text("\(Files.packageFolder())/\(path)"))
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    return lines.drop { !$0.hasSuffix(first) }.dropFirst().prefix { !$0.hasSuffix(last) }
  }
}
