import Foundation
import Testing

/// The example, running.
final class HTTPServer {
  let program: Program
  let port: String

  init(loops: Int = 1, _ arguments: [String] = []) throws {
    program = try Program("http", ["tcp://127.0.0.1:0", "--loops", "\(loops)"] + arguments)
    port = try ExamplesTests.port(in: program.line())
  }

  func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

  func connect() throws -> HTTPClient { try HTTPClient(port: port) }

  /// Fails the test unless a client is served as ever.
  func expectService() throws {
    let client = try connect()
    client.send(get("/plaintext"))
    let response = client.response()
    #expect(response?.status == 200 && response?.body == "Hello, World!")
  }

  /// The memory that the server occupies.
  func residentBytes() throws -> Int {
    let status = try String(contentsOfFile: "/proc/\(program.processIdentifier)/status", encoding: .utf8)
    let line = try #require(status.firstMatch(of: /VmRSS:\s*(?<kilobytes>\d+) kB/))
    return try #require(Int(line.kilobytes)) << 10
  }

  /// Ends the server in order.
  func stop() {
    program.signal(SIGTERM)
    #expect(program.exitCode() == 0)
  }
}

/// A connection to the example, bytes in and bytes out.
final class HTTPClient {
  struct Response {
    var status: Int
    var fields: [String: String]
    var body: String
  }

  private let fd: Int32
  private var received: [UInt8] = []

  init(port: String) throws {
    fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).map(\.bigEndian) ?? 0
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe Glibc.connect(fd, $0, length) }
    }
    if result != 0 { throw Program.Failure("no connection: \(errno)") }
  }

  deinit { close(fd) }

  /// Sends all bytes, or as many as the peer takes.
  @discardableResult
  func send(_ bytes: some Collection<UInt8>) -> Bool {
    var rest = Array(bytes)[...]
    while !rest.isEmpty {
      let sent = unsafe rest.withUnsafeBytes {
        unsafe Glibc.send(fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if sent < 0 { return false }
      rest = rest.dropFirst(sent)
    }
    return true
  }

  @discardableResult
  func send(_ text: String) -> Bool { send(Array(text.utf8)) }

  /// Sends bytes as long as the peer takes some within a second, up to `limit`.
  func flood(_ bytes: [UInt8], limit: Int) -> Int {
    var count = 0
    while count < limit, isReady(Int16(POLLOUT), for: .seconds(1)) {
      let sent = unsafe bytes.withUnsafeBytes {
        unsafe Glibc.send(fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
      }
      if sent < 0 { break }
      count += sent
    }
    return count
  }

  /// Ends this side's stream.
  func finish() { shutdown(fd, Int32(SHUT_WR)) }

  /// Waits for bytes, or for the end of the stream; false if neither comes within `time`.
  func isReadable(within time: Duration) -> Bool { isReady(Int16(POLLIN), for: time) }

  private func isReady(_ events: Int16, for time: Duration) -> Bool {
    var entry = pollfd(fd: fd, events: events, revents: 0)
    let milliseconds = time.components.seconds * 1000 + time.components.attoseconds / 1_000_000_000_000_000
    return unsafe poll(&entry, 1, Int32(milliseconds)) == 1
  }

  /// What one call receives; nil after a minute of silence, empty at the end.
  func receive() -> [UInt8]? {
    guard isReadable(within: .seconds(60)) else { return nil }
    var buffer = [UInt8](repeating: 0, count: 1 << 17)
    let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(fd, $0.baseAddress, $0.count, 0) }
    return Array(buffer.prefix(max(count, 0)))
  }

  /// Everything to the end of the stream, without what was taken by `response`.
  func toEnd() -> String? {
    while let more = receive() {
      if more.isEmpty { return String(decoding: received, as: UTF8.self) }
      received += more
    }
    return nil
  }

  /// The next response; nil if the stream ends before its end.
  func response(isHead: Bool = false) -> Response? {
    while true {
      if let response = takeResponse(isHead: isHead) { return response }
      guard let more = receive(), !more.isEmpty else { return nil }
      received += more
    }
  }

  /// Whether the stream ends, with nothing before.
  func isAtEnd() -> Bool { received.isEmpty && receive() == [] }

  private func takeResponse(isHead: Bool) -> Response? {
    guard let end = received.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
    let lines = String(decoding: received[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
    var fields: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      fields[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
    }
    let length = isHead ? 0 : fields["content-length"].flatMap { Int($0) } ?? 0
    guard received.count >= end.upperBound + length else { return nil }
    let body = String(decoding: received[end.upperBound..<end.upperBound + length], as: UTF8.self)
    received.removeFirst(end.upperBound + length)
    return Response(status: Int(lines[0].split(separator: " ")[1]) ?? 0, fields: fields, body: body)
  }
}
