import Foundation
import Testing

@testable import RedisEngine

@Suite("redis, beside the real one", .enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct RedisRecordedTests {
  @Test(
    "The redis example answers a recorded set of commands byte for byte as a real redis-server does", arguments: [1, 2])
  func recorded(loops: Int) throws {
    let real = try RedisServer.real()
    let example = try RedisServer(loops: loops)
    for recording in recordings + clientRecordings {
      // Two clients, dealt to different loops if there are two.
      let reals = [try real.connect(), try real.connect()]
      let examples = [try example.connect(), try example.connect()]
      _ = reals[0].call("FLUSHALL")
      _ = examples[0].call("FLUSHALL")
      for (number, line) in recording.lines.enumerated() {
        let isOther = line.hasPrefix("| ")
        let client = isOther ? 1 : recording.isPersonal ? 0 : number % 2
        expectSame(
          isOther ? String(line.dropFirst(2)) : line, examples[client], reals[client],
          "\(recording.name), line \(number + 1)")
      }
    }
    real.stop()
    example.stop()
  }

  @Test("random commands are answered as the real one answers them, in RESP2 and RESP3", arguments: [2, 3])
  func random(version: Int) throws { try expectSame(version: version) { RandomCommands(seed: $0) } }

  @Test("random transactions of two clients that watch each other's keys are answered as the real one answers them")
  func transactions() throws { try expectSame { RandomCommands(seed: $0, inTransactions: true) } }

  /// Has two clients of each server send commands by turns, and compares the replies.
  private func expectSame(version: Int = 2, _ commands: (_ seed: UInt64) -> RandomCommands) throws {
    let real = try RedisServer.real()
    let example = try RedisServer(loops: 2)
    let reals = [try real.connect(), try real.connect()]
    let examples = [try example.connect(), try example.connect()]
    for client in reals + examples { _ = client.call("HELLO", "\(version)") }
    for seed in 0..<UInt64(10) {
      var commands = commands(seed)
      for number in 0..<500 {
        expectSame(commands.next(), examples[number % 2], reals[number % 2], "seed \(seed), command \(number)")
      }
    }
    real.stop()
    example.stop()
  }

  /// Not beside the real server: it compares names up to the first zero byte, but only if two names meet in its table,
  /// with another hash in each process. So it takes one in some hundreds for a command.
  @Test("a name with zero bytes behind it is no command's")
  func zeroBytes() throws {
    let example = try RedisServer()
    let client = try example.connect()
    for name in ["get\0", "GET\0\0"] {
      let reply = client.call(name, "a")
      #expect(reply == "-ERR unknown command '\(name.prefix(3))', with args beginning with: 'a' \r\n")
    }
    example.stop()
  }

  @Test("bytes that make no request are refused with the same words, and the connection closed")
  func protocolErrors() throws {
    let real = try RedisServer.real()
    let example = try RedisServer()
    let requests: [String] = [
      "*-1\r\nPING\r\nQUIT\r\n", "*0\r\nQUIT\r\n", "\r\n\n  \nPING\nQUIT\n", "*a\r\n", "*\r\n", "*1 \r\n", "*+1\r\n",
      "*-a\r\n",
      "*01\r\n", "*2147483648\r\n", "*99999999999999999999\r\n", "*1\r\n$-1\r\n", "*1\r\n$536870913\r\n",
      "*1\r\n$a\r\n",
      "*1\r\n$\r\n", "*1\r\n\r\n", "*1\r\n:1\r\n", "*1\r\nPING\r\n", "*2\r\n$4\r\nECHOx\r\n$1\r\na\r\n",
      "SET a 'b\r\n", "SET a \"b\r\n", "SET a \"b\"c\r\n", "SET 'a'b\r\n",
      "set k \"\\x41\\n\\q\\\"\" \r\nget k\r\nquit\r\n",
      "set k 'a\\'b\\n'\r\nget k\r\nquit\r\n", "\u{0B}echo \u{0C} a\u{0B}b\u{0C}\r\nquit\r\n", "get\tk\r\nquit\r\n",
      "POST / HTTP/1.1\r\nPING\r\n",
      "Host: x\r\nPING\r\n",
      "quit a b\r\nPING\r\n", "*1\r\n$4\r\nQUIT\r\n*1\r\n$4\r\nPING\r\n",
      String(repeating: "a", count: 70_000), "*" + String(repeating: "1", count: 70_000),
      "*1\r\n$" + String(repeating: "1", count: 70_000), "\"" + String(repeating: "a", count: 70_000),
      "PING\r\n*1\r\n$4\r\nPING\r\nPING\r\n*x\r\nPING\r\n",
      // A zero byte hides the end of its line.
      "PING\r\nPING a\0b\r\nPING\r\n" + String(repeating: "a\r\n", count: 25_000),
      "PING\r\n*1\0\r\n$4\r\nPING\r\n" + String(repeating: "PING\r\n", count: 12_000),
      "*1\r\n$4\0\r\nPING\r\n" + String(repeating: "PING\r\n", count: 12_000),
      "*1\r\n\0$4\r\nPING\r\n" + String(repeating: "PING\r\n", count: 12_000),
    ]
    for request in requests {
      let replies = try [real, example].map { server in
        let client = try server.connect()
        client.send(request)
        return text(client.rest())
      }
      #expect(replies[1] == replies[0], "\(request.prefix(60).debugDescription)")
    }
    try example.expectService()
    real.stop()
    example.stop()
  }

  @Test("COMMAND INFO tells of each command what the real one does", arguments: [2, 3])
  func commandInfo(version: Int) throws {
    let realServer = try RedisServer.real()
    let real = try realServer.connect()
    let server = try RedisServer()
    let example = try server.connect()
    for client in [real, example] { _ = client.call("HELLO", "\(version)") }
    for command in CommandTable.shared.topLevel.map({ CommandTable.shared.commands[$0] }) {
      // Only some of their subcommands are there.
      if !command.subcommands.isEmpty { continue }
      #expect(
        example.call("COMMAND", "INFO", command.name) == real.call("COMMAND", "INFO", command.name), "\(command.name)")
    }
    realServer.stop()
    server.stop()
  }

  @Test("SCAN to its end meets every key, with any count")
  func scan() throws {
    let real = try RedisServer.real()
    let example = try RedisServer(loops: 2)
    let found = try [real, example].map { server in
      let client = try server.connect()
      for number in 0..<500 {
        _ = client.call("SET", "key:\(number)", "x")
        _ = client.call("RPUSH", "list:\(number)", "x")
      }
      return ["1", "10", "10000"].map { count in
        ["*", "key:*", "*:1?3"].flatMap { pattern in
          ["string", "list"].map { type in allKeys(client, pattern, count, type) }
        }
      }
    }
    #expect(found[1] == found[0])
    #expect(found[1][0][0].count == 500)
    real.stop()
    example.stop()
  }

  private func allKeys(_ client: RedisClient, _ pattern: String, _ count: String, _ type: String) -> Set<String> {
    var cursor = "0"
    var found: Set<String> = []
    repeat {
      let reply = client.call("SCAN", cursor, "MATCH", pattern, "COUNT", count, "TYPE", type)
      let lines = reply.split(separator: "\r\n").map(String.init)
      cursor = lines[2]
      found.formUnion(lines.dropFirst(4).enumerated().filter { $0.offset % 2 == 1 }.map(\.element))
    } while cursor != "0"
    return found
  }

  /// Sends a line of a recording to both, and compares the replies.
  private func expectSame(_ line: String, _ example: RedisClient, _ real: RedisClient, _ place: String) {
    if line == "+" {
      #expect(comparable(example.reply(), nil) == comparable(real.reply(), nil), "\(place): \(line)")
      return
    }
    let (words, comparison) = parse(line)
    let expected = real.call(words)
    let actual = example.call(words)
    if comparison == .time {
      #expect(isClose(actual, expected), "\(place): \(line)")
    } else {
      #expect(comparable(actual, comparison) == comparable(expected, comparison), "\(place): \(line)")
    }
  }

  private func parse(_ line: String) -> ([[UInt8]], Recording.Comparison?) {
    var text = Substring(line)
    let comparison = text.first.flatMap { Recording.Comparison(rawValue: $0) }
    if comparison != nil { text = text.dropFirst() }
    var words: [UInt8] = []
    var ranges: [ArgumentRange] = []
    let bytes = Array(text.utf8)
    let isSplit = splitLine(bytes.span, into: &words, &ranges)
    #expect(isSplit)
    let arguments = Arguments(words.span, ranges.span)
    return ((0..<arguments.count).map { arguments[$0].array }, comparison)
  }

  /// Whether two integers differ by no more than half a minute, in seconds or milliseconds.
  private func isClose(_ left: [UInt8]?, _ right: [UInt8]?) -> Bool {
    let values = [left, right].map { Int(text(($0 ?? []).dropFirst().dropLast(2))) }
    guard let left = values[0], let right = values[1], (left < 0) == (right < 0) else { return false }
    return abs(left - right) <= (right > 10_000 ? 30_000 : 30)
  }

  /// A reply without what may differ.
  private func comparable(_ reply: [UInt8]?, _ comparison: Recording.Comparison?) -> [String] {
    guard let reply else { return ["closed"] }
    guard let comparison, let kind = reply.first, "*~%".utf8.contains(kind) else { return [text(reply)] }
    let lines = text(reply).components(separatedBy: "\r\n").dropLast()
    switch comparison {
    case .count, .time: return [lines[0]]
    case .unordered, .unorderedPairs:
      // A bulk string's length and bytes; none of those here contains a line end but "\r\n" itself.
      let joined = text(reply.drop { $0 != UInt8(ascii: "\n") }.dropFirst())
      let bulks = joined.split(separator: "$", omittingEmptySubsequences: true).map(String.init)
      let size = comparison == .unordered ? 1 : 2
      let groups = stride(from: 0, to: bulks.count, by: size).map { bulks[$0..<min($0 + size, bulks.count)].joined() }
      return [lines[0]] + groups.sorted()
    }
  }
}
