import Foundation
import TestPeers
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

  private let client: Client
  private var received: [UInt8] = []

  init(port: String) throws { client = try Client(port: try #require(Int(port))) }

  /// Sends all bytes; `false` if the peer does not take them.
  @discardableResult
  func send(_ bytes: some Collection<UInt8>) -> Bool { (try? client.send(Array(bytes))) != nil }

  @discardableResult
  func send(_ text: String) -> Bool { send(Array(text.utf8)) }

  /// Sends bytes as long as the peer takes some within a second, up to `limit`.
  func flood(_ bytes: [UInt8], limit: Int) -> Int {
    var count = 0
    while count < limit, client.isWritable(within: .seconds(1)) {
      let sent = unsafe bytes.withUnsafeBytes {
        unsafe Glibc.send(client.fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
      }
      if sent < 0 { break }
      count += sent
    }
    return count
  }

  /// Ends this side's stream.
  func finish() { client.endOutput() }

  /// Waits for bytes, or for the end of the stream; false if neither comes within `time`.
  func isReadable(within time: Duration) -> Bool { client.isReadable(within: time) }

  /// The bytes that one call receives; nil after a minute of silence, empty at the end.
  func receive() -> [UInt8]? {
    guard isReadable(within: .seconds(60)) else { return nil }
    return (try? client.receive(upTo: 1 << 17)) ?? []
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
