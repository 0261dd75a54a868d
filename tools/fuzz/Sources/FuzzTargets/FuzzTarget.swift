/// A promise of the packages that must hold for any input.
public struct FuzzTarget: Sendable {
  /// The name for `ci/fuzz`, and of the folder of the corpus.
  public let name: String

  /// The code under test, in a few words.
  public let summary: String

  /// The length of the longest input that is worth a try, in bytes.
  public let maximumLength: Int

  private let body: @Sendable (inout Choices) -> Void

  private init(
    _ name: String, _ summary: String, upTo maximumLength: Int, _ body: @escaping @Sendable (inout Choices) -> Void
  ) {
    self.name = name
    self.summary = summary
    self.maximumLength = maximumLength
    self.body = body
  }

  /// Tests with an input. Traps if the promise is broken.
  public func run(_ input: [UInt8]) {
    var choices = Choices(input)
    body(&choices)
  }

  /// All targets.
  public static let all = [
    FuzzTarget("ring-buffer", "RingBuffer: two rings, and arrays that the same is done to", upTo: 512, ringBuffer),
    FuzzTarget("codecs", "GnetCodecs: pieces, forms of decoding, round trips", upTo: 256, codecs),
    FuzzTarget("addresses", "addresses: printed addresses are parsed to the same", upTo: 128, addresses),
    FuzzTarget("proxy-header", "headers of the PROXY protocol: prefixes, round trips, filter", upTo: 512, proxyHeader),
    FuzzTarget("http-requests", "requests of HTTP/1.1: pieces, and requests written anew", upTo: 512, httpRequests),
    FuzzTarget("http-responses", "responses of HTTP/1.1: pieces, and responses written anew", upTo: 512, httpResponses),
    FuzzTarget("websocket", "messages of WebSocket: pieces, and a reader of a whole array", upTo: 512, webSocket),
    FuzzTarget("tls", "GnetTLS: any bytes for one end, and changed bytes between two ends", upTo: 1024, tls),
    FuzzTarget("snapshots", "snapshots of metrics: what is decoded is encoded to the same", upTo: 512, snapshots),
    FuzzTarget("readings", "what gnet-metrics shows of two sockets: exposition, JSON, tables", upTo: 1024, readings),
    FuzzTarget("redis-requests", "requests of redis: pieces, and requests written anew", upTo: 256, redisRequests),
    FuzzTarget("redis-commands", "commands of redis: each answer is a value of the protocol", upTo: 256, redisCommands),
  ]

  /// The target of a name.
  public static func named(_ name: String) -> FuzzTarget? { all.first { $0.name == name } }
}

/// Ends the program if a promise is broken. The fuzzer keeps the input.
func expect(
  _ isKept: Bool, _ promise: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) {
  if !isKept { fatalError(promise(), file: file, line: line) }
}

/// Ends the program if two values differ.
func expectEqual<Value: Equatable>(
  _ value: Value, _ expected: Value, _ promise: @autoclosure () -> String, file: StaticString = #fileID,
  line: UInt = #line
) {
  if value != expected { fatalError("\(promise()): \(value), not \(expected)", file: file, line: line) }
}
