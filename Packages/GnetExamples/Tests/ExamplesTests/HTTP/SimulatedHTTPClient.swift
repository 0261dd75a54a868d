import Gnet
import GnetHTTP
import GnetTesting
import TestPeers

@testable import http

extension SimulatedExample {
  /// Runs a test of the example `http`.
  static func runHTTP(
    _ options: HTTPOptions = HTTPOptions(), server: Options = .http, loops: Int = 1, seeds: Range<UInt64> = 0..<10,
    _ test: (SimulatedExample) throws -> Void
  ) throws {
    try run(.http(options: options, Routes.router), server, loops: loops, seeds: seeds, test)
  }

  /// Connects a client of HTTP.
  func connectHTTP() -> SimulatedHTTPClient { SimulatedHTTPClient(connect(), simulation) }

  /// Fails the test unless a client is served as ever.
  func expectService() throws {
    let response = try connectHTTP().answer(to: get("/plaintext"))
    try require(response.status == 200 && response.body == "Hello, World!", "\(response)")
  }
}

/// A client of HTTP/1.1 on a simulated network. An answer that does not come within a minute fails the test.
final class SimulatedHTTPClient {
  private let peer: SimulatedPeer
  private let simulation: Simulation
  private var received: [UInt8] = []

  init(_ peer: SimulatedPeer, _ simulation: Simulation) {
    self.peer = peer
    self.simulation = simulation
  }

  var isReadingPaused: Bool {
    get { peer.isReadingPaused }
    set { peer.isReadingPaused = newValue }
  }

  /// Whether anything waits to be received.
  var isReadable: Bool { !peer.received.isEmpty || peer.isEnded }

  func send(_ bytes: some Sequence<UInt8>) { peer.send(Array(bytes)) }
  func send(_ text: String) { peer.send(text) }

  /// Ends this side's stream.
  func finish() { peer.endOutput() }

  /// Leaves at once.
  func close() { peer.close() }

  /// The next response, whose body has a `Content-Length`.
  func response(isHead: Bool = false) throws -> HTTPClient.Response {
    while true {
      if let response = HTTPClient.Response(takenFrom: &received, isHead: isHead) { return response }
      let more = try receive()
      if more.isEmpty { throw SimulationFailure(seed: simulation.seed, "the stream has ended without a response") }
      received += more
    }
  }

  func answer(to request: String, isHead: Bool = false) throws -> HTTPClient.Response {
    send(request)
    return try response(isHead: isHead)
  }

  /// Everything to the end of the stream, without what was taken by `response`.
  func toEnd() throws -> String {
    while case let more = try receive(), !more.isEmpty { received += more }
    return String(decoding: received, as: UTF8.self)
  }

  /// Waits for the end of the stream, with nothing before.
  func expectEnd() throws {
    let rest = try toEnd()
    if !rest.isEmpty { throw SimulationFailure(seed: simulation.seed, "\(rest.prefix(200)) instead of the end") }
  }

  /// The next bytes that arrive; none at the end of the stream.
  private func receive() throws -> [UInt8] {
    try simulation.run(until: { isReadable })
    return peer.receive()
  }
}
