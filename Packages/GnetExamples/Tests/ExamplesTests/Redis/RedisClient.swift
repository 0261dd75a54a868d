import Foundation

/// A connection that sends bytes and takes replies as they are.
///
/// One thread may send while another takes replies: they share nothing but the descriptor.
final class RedisClient: @unchecked Sendable {
  private let fd: Int32
  private var received: [UInt8] = []
  private var start = 0

  init?(path: String) {
    fd = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
    let length = socklen_t(MemoryLayout<sockaddr_un>.size)
    let result = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe Glibc.connect(fd, $0, length) }
    }
    if result != 0 { return nil }
    // A reply that does not come is a failure, not a hang.
    var limit = timeval(tv_sec: 30, tv_usec: 0)
    unsafe setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    unsafe setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(fd) }

  /// Sends all bytes; `false` if the peer does not take them.
  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = unsafe bytes.withUnsafeBytes {
        unsafe Glibc.send(fd, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
      }
      if count <= 0 { return false }
      sent += count
    }
    return true
  }

  @discardableResult
  func send(_ text: String) -> Bool { send(Array(text.utf8)) }

  /// Sends as much as goes without waiting, and says how much.
  func sendWithoutWaiting(_ bytes: [UInt8]) -> Int {
    max(
      0,
      unsafe bytes.withUnsafeBytes {
        unsafe Glibc.send(fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
      })
  }

  func endSending() { shutdown(fd, Int32(SHUT_WR)) }

  /// Sends a request and takes its reply.
  func call(_ words: String...) -> String { call(words.map { Array($0.utf8) }).map { text($0) } ?? "closed" }

  func call(_ words: [[UInt8]]) -> [UInt8]? {
    send(request(words))
    return reply()
  }

  /// One whole reply, its bytes as they came; `nil` if the connection has ended before.
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
    case UInt8(ascii: "$"):
      if value < 0 { return true }
      while received.count < end + value + 2 { if !receive() { return false } }
      end += value + 2
    case UInt8(ascii: "*"):
      for _ in 0..<max(0, value) where !skipReply(&end) { return false }
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
    var buffer = [UInt8](repeating: 0, count: 65536)
    let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(fd, $0.baseAddress, $0.count, 0) }
    if count <= 0 { return false }
    received += buffer[..<count]
    return true
  }
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
