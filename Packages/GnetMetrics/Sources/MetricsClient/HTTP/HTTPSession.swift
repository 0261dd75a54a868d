internal import Gnet
internal import RingBuffer
internal import Synchronization

/// The requests of one connection, answered in order.
struct HTTPSession: ConnectionHandler {
  /// The most bytes of unread input while a request waits for the sockets; more close the connection.
  private static let inputLimit = 4 * HTTPRequest.lengthLimit

  private let endpoint: PrometheusEndpoint
  private let clients: ClientList
  private let client: HTTPClient
  /// The request that waits for the sockets to be read.
  private var waiting: WaitingRequest?

  /// A request that waits, and its answer.
  private struct WaitingRequest {
    let request: HTTPRequest
    let answer = PendingAnswer()
  }

  init(on endpoint: PrometheusEndpoint, among clients: ClientList, _ handle: ConnectionHandle) {
    self.endpoint = endpoint
    self.clients = clients
    client = HTTPClient(handle)
    clients.add(client)
  }

  /// Answers the requests that have arrived, up to the first that needs the sockets. A client that does not read the answers
  /// gets the others when it has.
  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    if let waiting {
      guard let response = waiting.answer.take() else { return input.count > Self.inputLimit ? .close : .none }
      self.waiting = nil
      client.isWaiting = false
      if respond(response, to: waiting.request, &connection) == .close { return .close }
    }
    while waiting == nil, !connection.isOutputFull {
      switch HTTPRequest.parse(Self.copy(of: input)) {
      case .incomplete:
        return .none
      case .refused(let status):
        input.removeAll()
        connection.write(HTTPResponse.plain(status).bytes(keepsAlive: false))
        return .close
      case .request(let request, let byteCount):
        input.discard(byteCount)
        client.activeAt = .now
        if let response = endpoint.immediateResponse(to: request) {
          if respond(response, to: request, &connection) == .close { return .close }
        } else {
          wait(for: request, connection)
        }
      }
    }
    return .none
  }

  /// Ends the connection, unless a request of it waits.
  mutating func shuttingDown(_ connection: inout Connection) -> Action { waiting == nil ? .close : .none }

  consuming func closed(_ connection: inout Connection, _ error: (any Error)?) { clients.remove(client) }

  private func respond(_ response: HTTPResponse, to request: HTTPRequest, _ connection: inout Connection) -> Action {
    let keepsAlive = request.keepsAlive && !connection.isShuttingDown
    connection.write(response.bytes(keepsAlive: keepsAlive, isHead: request.method == "HEAD"))
    return keepsAlive ? .none : .close
  }

  /// Has the sockets read; the connection is woken when the answer is there.
  private mutating func wait(for request: HTTPRequest, _ connection: borrowing Connection) {
    let waiting = WaitingRequest(request: request)
    self.waiting = waiting
    client.isWaiting = true
    endpoint.read(on: connection.loop) { [answer = waiting.answer, handle = client.handle] response in
      answer.put(response)
      handle.wake()
    }
  }

  private static func copy(of input: borrowing RingBuffer) -> [UInt8] {
    let segments = input.readable(prefix: min(input.count, HTTPRequest.lengthLimit))
    var bytes: [UInt8] = []
    bytes.reserveCapacity(segments.byteCount)
    unsafe segments.first.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    unsafe segments.second.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    return bytes
  }
}

/// An answer on its way to the session, which sends it before it looks at later requests.
private final class PendingAnswer: Sendable {
  private let response = Mutex<HTTPResponse?>(nil)

  func put(_ response: HTTPResponse) { self.response.withLock { $0 = response } }
  func take() -> HTTPResponse? { response.withLock { $0.take() } }
}
