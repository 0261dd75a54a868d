public import GnetHTTP
public import TestPeers
import Testing

extension SocketAddress: @retroactive PeerAddress {}

/// Runs a service for the length of `body`, and ends it in order.
func withServer(
  _ service: Service, loops: Int = 1, options: Options = .http, _ body: (Server) throws -> Void
) throws {
  var options = options
  options.loopCount = loops
  let running = try start([Listener("tcp://127.0.0.1:0", service)], options: options)
  try body(running.server)
  running.shutdown()
  try running.wait()
}

extension Server {
  func connect() throws -> HTTPClient { try HTTPClient(addresses[0]) }

  /// The answer to a single request of a client of its own.
  func answer(_ request: String, isHead: Bool = false) throws -> HTTPClient.Response {
    let client = try connect()
    client.send(request)
    return try #require(client.response(isHead: isHead))
  }

  /// All bytes that the server sends to a client that has sent `request`, up to the end of the stream.
  func bytes(after request: String) throws -> String {
    let client = try connect()
    client.send(request)
    return try #require(client.toEnd())
  }
}

/// A request with a body of a given length.
func post(_ target: String, _ fields: String = "", body: String) -> String {
  "POST \(target) HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.utf8.count)\r\n\(fields)\r\n\(body)"
}

/// Answers every request with its body.
// Made anew each time: a leak detector does not see what refers weakly to a service that never ends.
var echoing: Service { .http { _ in .collectingBody { body in Response(.ok, bytes: body) } } }
