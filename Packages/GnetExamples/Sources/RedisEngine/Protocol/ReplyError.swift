/// An answer that begins with `-`: a word for programs, and a sentence for people.
struct ReplyError: Error, Equatable {
  let text: [UInt8]

  /// - Parameter text: begins with the word for programs, and has no line ends.
  init(_ text: String) { self.text = Array(text.utf8) }

  /// Creates an error that quotes a client. Line ends would end the reply: at the end of the text they are removed,
  /// elsewhere they become spaces.
  init(quoting text: [UInt8]) {
    func isLineEnd(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n") }
    let count = text.lastIndex { !isLineEnd($0) }.map { $0 + 1 } ?? 0
    self.text = text[..<count].map { isLineEnd($0) ? UInt8(ascii: " ") : $0 }
  }

  static let wrongType = ReplyError("WRONGTYPE Operation against a key holding the wrong kind of value")
  static let syntax = ReplyError("ERR syntax error")
  static let notAnInteger = ReplyError("ERR value is not an integer or out of range")
  static let notAFloat = ReplyError("ERR value is not a valid float")
  static let notPositive = ReplyError("ERR value is out of range, must be positive")
  static let stringTooLong = ReplyError("ERR string exceeds maximum allowed size (proto-max-bulk-len)")

  static func argumentCount(_ command: String) -> ReplyError {
    ReplyError("ERR wrong number of arguments for '\(command)' command")
  }

  static func subcommandSyntax(_ name: Bytes, of command: String) -> ReplyError {
    ReplyError(
      quoting: Array("ERR unknown subcommand or wrong number of arguments for '".utf8)
        + name.array.prefix(128).prefix { $0 != 0 } + Array("'. Try \(command) HELP.".utf8))
  }

  static func expireTime(_ command: String) -> ReplyError {
    ReplyError("ERR invalid expire time in '\(command)' command")
  }
}
