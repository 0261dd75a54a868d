internal import Gnet

/// The clients of a loop. When there are too many, the least active client is disconnected for the new one: idle clients
/// keep nobody out.
final class ClientList {
  private let limit: Int
  private var clients: [ObjectIdentifier: HTTPClient] = [:]

  init(limit: Int) { self.limit = limit }

  /// Adds a client. Closes the connection of another client if there are too many now.
  func add(_ client: HTTPClient) {
    clients[ObjectIdentifier(client)] = client
    guard clients.count > limit else { return }
    // Clients with a request at a worker are few, and are not idle.
    let quiet = clients.values.filter { $0 !== client && !$0.isWaiting }
    guard let quietest = quiet.min(by: { $0.activeAt < $1.activeAt }) else { return }
    remove(quietest)
    quietest.handle.close()
  }

  func remove(_ client: HTTPClient) { clients[ObjectIdentifier(client)] = nil }
}

/// The activity of a client, for the list of its loop.
final class HTTPClient {
  let handle: ConnectionHandle
  /// The time of the last whole request, or of the connection's start.
  var activeAt = ContinuousClock.now
  /// Whether a worker has a request of the client.
  var isWaiting = false

  init(_ handle: ConnectionHandle) { self.handle = handle }
}
