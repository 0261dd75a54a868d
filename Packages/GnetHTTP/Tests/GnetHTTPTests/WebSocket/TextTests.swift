import Testing

@testable import GnetHTTP

@Suite("The text of WebSocket's messages")
struct TextTests {
  @Test("the check agrees with the standard library on all sequences of the bytes that matter")
  func check() {
    let bytes: [UInt8] = [
      0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEF, 0xF0, 0xF1, 0xF3,
      0xF4, 0xF5, 0xFF,
    ]
    var disagreements = 0
    for first in bytes {
      for second in bytes {
        for third in bytes {
          for fourth in [0x41, 0x80, 0xBF, 0xC2] as [UInt8] {
            let sequence = [first, second, third, fourth]
            var check = UTF8Check()
            let isText = check.take(sequence.span) && check.isComplete
            if isText != (String(validating: sequence, as: UTF8.self) != nil) { disagreements += 1 }
          }
        }
      }
    }
    #expect(disagreements == 0)
  }

  @Test("a character may be cut anywhere, by frames and by pieces")
  func cutCharacters() {
    let text = "ASCII, and then \u{80}\u{7FF}\u{800}\u{D7FF}\u{E000}\u{FFFF}\u{10000}\u{10FFFF} and more ASCII"
    let bytes = Array(text.utf8)
    for split in 0...bytes.count {
      let frames = frame(1, Array(bytes[..<split]), isFinal: false) + frame(0, Array(bytes[split...]))
      #expect(ReaderOutcome(frames).messages.map(\.payload) == [bytes])
      #expect(ReaderOutcome(frames, cuts: Array(frames.indices)).messages.map(\.payload) == [bytes])
    }
  }

  @Test(
    "a byte that cannot be UTF-8 is refused when it comes, before its frame is complete",
    arguments: [
      [0x80], [0xC0], [0xC1], [0xE0, 0x9F], [0xED, 0xA0], [0xEF, 0x41], [0xF0, 0x8F], [0xF4, 0x90], [0xF5],
      [0xFF], [0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0xF8],
    ] as [[UInt8]])
  func invalid(bytes: [UInt8]) {
    let long = frame(1, bytes + [UInt8](repeating: 0x41, count: 100))
    let header = 6
    #expect(ReaderOutcome(Array(long.prefix(header + bytes.count - 1))).failure == nil)
    #expect(ReaderOutcome(Array(long.prefix(header + bytes.count))).failure == .invalidText)
    #expect(ReaderOutcome(frame(2, bytes)).messages.map(\.payload) == [bytes])
  }

  @Test("a text that ends within a character is refused")
  func incomplete() {
    #expect(ReaderOutcome(frame(1, [0xE2, 0x82])).failure == .invalidText)
    #expect(ReaderOutcome(frame(1, [0xE2, 0x82], isFinal: false)).failure == nil)
  }
}
