import Foundation
import TestPeers

/// A connection that sends bytes and takes replies as they are.
///
/// A thread may send while another takes replies: they share nothing but the descriptor.
final class RedisClient: @unchecked Sendable {
  private let stream: any RedisStream
  private var received: [UInt8] = []
  private var start = 0

  init(_ stream: any RedisStream) { self.stream = stream }

  convenience init?(path: String) {
    guard let client = try? Client(path: path) else { return nil }
    self.init(client)
  }

  /// Sends all bytes; `false` if the peer does not take them.
  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool { (try? stream.send(bytes)) != nil }

  @discardableResult
  func send(_ text: String) -> Bool { send(Array(text.utf8)) }

  func endSending() { stream.endOutput() }

  /// Sends a request and takes its reply.
  func call(_ words: String...) -> String { call(words.map { Array($0.utf8) }).map { text($0) } ?? "closed" }

  func call(_ words: [[UInt8]]) -> [UInt8]? {
    send(request(words))
    return reply()
  }

  /// A whole reply, its bytes as they came; `nil` if the connection has ended before.
  func reply() -> [UInt8]? {
    var end = start
    guard skipReply(&end) else { return nil }
    defer {
      start = end
      if start == received.count {
        received = []
        start = 0
      }
    }
    return Array(received[start..<end])
  }

  /// Everything to the end of the stream.
  func rest() -> [UInt8] {
    while receive() {}
    return Array(received[start...])
  }

  private func skipReply(_ end: inout Int) -> Bool {
    guard let line = line(&end) else { return false }
    let value = Int(text(line.dropFirst())) ?? 0
    switch line.first {
    case UInt8(ascii: "$"), UInt8(ascii: "="):
      if value < 0 { return true }
      while received.count < end + value + 2 { if !receive() { return false } }
      end += value + 2
    case UInt8(ascii: "*"), UInt8(ascii: "~"), UInt8(ascii: ">"):
      for _ in 0..<max(0, value) where !skipReply(&end) { return false }
    case UInt8(ascii: "%"):
      for _ in 0..<2 * value where !skipReply(&end) { return false }
    default: break
    }
    return true
  }

  private func line(_ end: inout Int) -> ArraySlice<UInt8>? {
    var scanned = end
    while true {
      if let found = received[scanned...].firstIndex(of: UInt8(ascii: "\n")) {
        defer { end = found + 1 }
        return received[end..<found].dropLast()
      }
      scanned = received.count
      if !receive() { return nil }
    }
  }

  private func receive() -> Bool {
    guard let bytes = try? stream.receive(), !bytes.isEmpty else { return false }
    received += bytes
    return true
  }
}

/// A client's end of a stream.
protocol RedisStream {
  func send(_ bytes: [UInt8]) throws
  /// The bytes that arrive next; none at the end of the stream.
  func receive() throws -> [UInt8]
  func endOutput()
}

extension Client: RedisStream {
  func receive() throws -> [UInt8] { try receive(upTo: 65536) }
}

/// A request as an array of bulk strings.
func request(_ words: [[UInt8]]) -> [UInt8] {
  var bytes = Array("*\(words.count)\r\n".utf8)
  for word in words { bytes += Array("$\(word.count)\r\n".utf8) + word + Array("\r\n".utf8) }
  return bytes
}

func request(_ words: String...) -> [UInt8] { request(words.map { Array($0.utf8) }) }

/// Bytes as text that can be read in a failure's message; Latin-1, so that nothing is lost.
func text(_ bytes: some Sequence<UInt8>) -> String {
  String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
}
