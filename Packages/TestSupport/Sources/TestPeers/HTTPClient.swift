/// A client of HTTP/1.1: bytes out, responses in.
public final class HTTPClient {
  /// A response, with its body as text.
  public struct Response {
    /// The code of the status.
    public var status: Int
    /// The fields, by their names in small letters.
    public var fields: [String: String]
    /// The body.
    public var body: String
  }

  /// The connection.
  public let client: Client
  private var received: [UInt8] = []

  /// Connects to an address.
  public init(_ address: some PeerAddress) throws { client = try Client(address) }

  /// Sends all bytes; `false` if the peer does not take them.
  @discardableResult
  public func send(_ bytes: some Collection<UInt8>) -> Bool { (try? client.send(Array(bytes))) != nil }

  /// Sends a text; `false` if the peer does not take it.
  @discardableResult
  public func send(_ text: String) -> Bool { send(Array(text.utf8)) }

  /// Ends this side's stream.
  public func finish() { client.endOutput() }

  /// Waits for bytes, or for the end of the stream; false if neither comes within `time`.
  public func isReadable(within time: Duration) -> Bool { client.isReadable(within: time) }

  /// The bytes that one call receives; nil after a minute of silence, empty at the end.
  public func receive() -> [UInt8]? {
    guard isReadable(within: .seconds(60)) else { return nil }
    return (try? client.receive(upTo: 1 << 17)) ?? []
  }

  /// Everything to the end of the stream, without what was taken by `response`.
  public func toEnd() -> String? {
    while let more = receive() {
      if more.isEmpty { return String(decoding: received, as: UTF8.self) }
      received += more
    }
    return nil
  }

  /// The next response, whose body has a `Content-Length`; nil if the stream ends before its end.
  public func response(isHead: Bool = false) -> Response? {
    while true {
      if let response = Response(takenFrom: &received, isHead: isHead) { return response }
      guard let more = receive(), !more.isEmpty else { return nil }
      received += more
    }
  }

  /// Whether the stream ends, with nothing before.
  public func isAtEnd() -> Bool { received.isEmpty && receive() == [] }
}

extension HTTPClient.Response {
  /// Takes a response, whose body has a `Content-Length`, from the start of what was received; `nil` unless it is whole.
  public init?(takenFrom received: inout [UInt8], isHead: Bool = false) {
    guard let end = received.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
    let lines = String(decoding: received[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
    var fields: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      fields[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
    }
    let length = isHead ? 0 : fields["content-length"].flatMap { Int($0) } ?? 0
    guard received.count >= end.upperBound + length else { return nil }
    let body = String(decoding: received[end.upperBound..<end.upperBound + length], as: UTF8.self)
    received.removeFirst(end.upperBound + length)
    self.init(status: Int(lines[0].split(separator: " ")[1]) ?? 0, fields: fields, body: body)
  }
}

/// A request of HTTP/1.1 without a body.
public func get(_ target: String, _ fields: String = "") -> String {
  "GET \(target) HTTP/1.1\r\nHost: x\r\n\(fields)\r\n"
}

/// A request of HTTP/1.1 with a body in chunks.
public func post(chunks: String, _ fields: String = "") -> String {
  "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\(fields)\r\n\(chunks)"
}
