import RingBuffer

@testable import RedisEngine

extension FuzzTarget {
  static func redisCommands(_ choices: inout Choices) {
    let client = Client(id: 1, address: "", localAddress: "", handle: nil)
    var context = Context(engine: Engine(), client: client)
    for request in RedisRequests(Arrival(whole: choices.rest)).requests where !context.isClosing {
      if request.isEmpty || request.contains(where: asksForMuchMemory) { continue }
      run(request, &context)
      var answer: [UInt8] = []
      context.reply.take { answer = $0.readAll() }
      var reader = AnswerReader(answer)
      repeat {
        if answer.isEmpty && context.isClosing { break }
        expect(reader.skipValue(), "an answer of \(String(decoding: answer, as: UTF8.self).debugDescription)")
      } while !reader.isAtEnd
    }
    _ = client.takeTransaction()
  }

  private static func run(_ request: [[UInt8]], _ context: inout Context) {
    context.reply.isRESP3 = context.client.modes.contains(.resp3)
    let bytes = RedisRequests.bytes(of: request)
    var parser = RequestParser()
    expectEqual(parser.parse(bytes.span), .request(byteCount: bytes.count), "a request is not complete")
    CommandTable.shared.run(Arguments(bytes.span, parser.arguments), &context)
  }

  /// Whether an argument may be a length or an offset for which a command allocates memory.
  private static func asksForMuchMemory(_ argument: [UInt8]) -> Bool {
    100_000..<1 << 31 ~= (argument.span.integer ?? 0).magnitude
  }
}

/// Reads values of RESP2 and RESP3. Source: https://redis.io/docs/latest/develop/reference/protocol-spec/
private struct AnswerReader {
  private let bytes: [UInt8]
  private var place = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { place == bytes.count }

  /// Skips a value. Returns false if there is none.
  mutating func skipValue() -> Bool {
    guard place < bytes.count else { return false }
    let kind = Character(UnicodeScalar(bytes[place]))
    place += 1
    guard let line = skipLine() else { return false }
    switch kind {
    case "+", "-": return true
    case "_": return line.isEmpty
    case ":": return line.span.integer != nil
    case ",": return line.span.double != nil || line == Array("nan".utf8)
    case "$", "=": return skipString(line, isNullable: kind == "$")
    case "*", "~", ">": return skipValues(line, perElement: 1, isNullable: kind == "*")
    case "%": return skipValues(line, perElement: 2, isNullable: false)
    default: return false
    }
  }

  /// Skips a line, which has no other ends of lines in it.
  private mutating func skipLine() -> [UInt8]? {
    let line = Array(bytes[place...].prefix { $0 != 0x0d && $0 != 0x0a })
    place += line.count
    return skipLineEnd() ? line : nil
  }

  private mutating func skipLineEnd() -> Bool {
    guard bytes[place...].starts(with: [0x0d, 0x0a]) else { return false }
    place += 2
    return true
  }

  private mutating func skipString(_ line: [UInt8], isNullable: Bool) -> Bool {
    guard let count = line.span.integer else { return false }
    if count < 0 { return isNullable && count == -1 }
    guard bytes.count - place >= count else { return false }
    place += count
    return skipLineEnd()
  }

  private mutating func skipValues(_ line: [UInt8], perElement: Int, isNullable: Bool) -> Bool {
    guard let count = line.span.integer else { return false }
    if count < 0 { return isNullable && count == -1 }
    for _ in 0..<count * perElement where !skipValue() { return false }
    return true
  }
}
