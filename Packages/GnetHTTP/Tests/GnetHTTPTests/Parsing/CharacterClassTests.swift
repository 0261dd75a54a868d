import Testing

@testable import GnetHTTP

@Suite("The classes of characters")
struct CharacterClassTests {
  /// RFC 5234, appendix B.1.
  private static let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
  private static let digits = "0123456789"
  /// RFC 3986, 2.2 and 2.3, and the sign of an escape.
  private static let hostSigns = "-._~" + "!$&'()*+,;=" + "%"

  private static let grammars: [(CharacterClass, String)] = [
    (.digit, digits),
    (.token, letters + digits + "!#$%&'*+-.^_`|~"),
    (.target, visible.filter { $0 != "#" }),
    (.path, visible.filter { $0 != "#" && $0 != "?" }),
    (.host, letters + digits + hostSigns),
    (.address, letters + digits + hostSigns + ":"),
    (.unreserved, letters + digits + "-._~"),
  ]

  private static let visible = String((UInt8(ascii: "!")...UInt8(ascii: "~")).map { Character(UnicodeScalar($0)) })

  @Test("are those of the grammars")
  func table() {
    for byte in UInt8.min...UInt8.max {
      for (kind, members) in Self.grammars {
        #expect(CharacterClass(byte).contains(kind) == members.utf8.contains(byte), "byte \(byte), class \(kind)")
      }
      let isField = byte == 9 || (32...126).contains(byte) || byte >= 128
      #expect(CharacterClass(byte).contains(.field) == isField, "byte \(byte)")
    }
  }

  @Test("a line's text ends with its first control character, wherever that is")
  func endOfText() {
    for byte in UInt8.min...UInt8.max {
      let isControl = byte < 32 || byte == 127
      for length in 1...20 {
        for offset in 0..<length {
          // Neighbours of the control characters around it.
          var bytes: [UInt8] = (0..<length).map { [0x20, 0x7E, 0x80, 0xFF][$0 % 4] }
          bytes[offset] = byte
          for start in 0...length {
            let expected = isControl && start <= offset ? offset : length
            let found = HTTPLine(bytes.span).endOfText(from: start)
            if found != expected { Issue.record("byte \(byte) at \(offset) of \(length) from \(start): \(found)") }
          }
        }
      }
    }
  }
}
