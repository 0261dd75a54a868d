import RingBuffer
import TestSupport
import Testing

@testable import GnetHTTP

@Suite("The reader of WebSocket's messages")
struct ReaderTests {
  private static let large = (0..<70_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
  private static let text = Array("Grüße, 世界".utf8)

  /// Messages with a ping among the fragments, in all three lengths.
  private static let stream =
    frame(1, text) + frame(2, [], isFinal: false) + frame(0, [1, 2], isFinal: false) + frame(9, [7]) + frame(0, [3])
    + frame(2, Array(large[..<300])) + frame(1, Array(text[..<4]), isFinal: false) + frame(0, Array(text[4...]))
    + frame(10, []) + frame(8, [3, 232])

  @Test("puts fragments together, and sees control frames among them, in whatever pieces they come")
  func messages() {
    let whole = ReaderOutcome(Self.stream)
    #expect(whole.failure == nil)
    #expect(whole.messages.map(\.event) == [.text, .ping, .binary, .binary, .text, .pong, .close])
    #expect(
      whole.messages.map(\.payload) == [
        Self.text, [7], [1, 2, 3], Array(Self.large[..<300]), Self.text, [], [3, 232],
      ])
    #expect(ReaderOutcome(Self.stream, cuts: Array(Self.stream.indices)) == whole)
    for cut in Self.stream.indices {
      #expect(ReaderOutcome(Self.stream, cuts: [cut, min(cut + 11, Self.stream.count)]) == whole)
    }
  }

  @Test("takes the mask off at any place of a frame", arguments: [1, 3, 4, 7, 8, 13, 4096, 65535])
  func masks(step: Int) {
    let bytes = frame(2, Self.large)
    let outcome = ReaderOutcome(bytes, cuts: Array(stride(from: step, to: bytes.count, by: step)))
    let isSame = outcome.messages.map(\.payload) == [Self.large]
    #expect(isSame && outcome.failure == nil)
  }

  @Test(
    "refuses what RFC 6455 does not allow, by its code, as soon as it is certain",
    arguments: [
      ([0x81, 0x00], 1002), (frame(1, [], flags: 0x40), 1002), (frame(3, []), 1002), (frame(11, []), 1002),
      (frame(9, [], isFinal: false), 1002), (frame(9, Array(repeating: 0, count: 126)), 1002), (frame(0, []), 1002),
      (frame(1, [], isFinal: false) + frame(1, []), 1002), ([0x82, 0xFE, 0, 125, 0, 0, 0, 0], 1002),
      ([0x82, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0], 1002),
      ([0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 1002), (frame(1, [0xFF]), 1007),
      (frame(1, [0xE4, 0xB8], isFinal: false) + frame(0, [0x41]), 1007), (frame(1, [0xED, 0xA0, 0x80]), 1007),
      (Array(frame(2, Array(repeating: 0, count: 1001)).prefix(8)), 1009),
      (frame(2, Array(repeating: 0, count: 600), isFinal: false) + frame(0, Array(repeating: 0, count: 401)), 1009),
    ] as [([UInt8], UInt16)])
  func refusals(bytes: [UInt8], code: UInt16) {
    let outcome = ReaderOutcome(bytes, limit: 1000)
    #expect(outcome.failure?.code == code)
    #expect(ReaderOutcome(bytes, cuts: Array(bytes.indices), limit: 1000).failure == outcome.failure)
    #expect(outcome.messages.isEmpty)
  }

  @Test("survives random bytes, and random changes to frames", arguments: 0..<8)
  func noise(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<300 {
      var changed = Self.stream
      for _ in 0..<2 { changed[Int.random(in: changed.indices, using: &random)] = .random(in: 0...255, using: &random) }
      let cut = Int.random(in: changed.indices, using: &random)
      #expect(ReaderOutcome(changed) == ReaderOutcome(changed, cuts: [cut]), "seed \(seed)")
    }
  }

  @Test("the functions of the handshake are those of their standards")
  func handshake() {
    func hex(_ text: String) -> String {
      SHA1.digest(Array(text.utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
    #expect(hex("") == "da39a3ee5e6b4b0d3255bfef95601890afd80709")
    #expect(hex("abc") == "a9993e364706816aba3e25717850c26c9cd0d89d")
    #expect(hex(String(repeating: "a", count: 1000)) == "291e9a6c66994949b57ba5e650361e98fc36b1ba")
    for (text, encoded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")] {
      #expect(Base64.encode(Array(text.utf8)) == encoded)
    }
  }
}
