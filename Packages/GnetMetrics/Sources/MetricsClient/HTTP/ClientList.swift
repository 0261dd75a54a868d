internal import Gnet
internal import Synchronization

/// The clients of an endpoint. When there are too many, the least active client is disconnected for the new one: idle
/// clients keep nobody out.
final class ClientList: Sendable {
  typealias Client = PrometheusEndpoint.Exchange

  private let limit: Int
  private let clients = Mutex<[ObjectIdentifier: Client]>([:])

  init(limit: Int) { self.limit = limit }

  /// Adds a client, on its loop's thread. Closes the connection of another client if there are too many now.
  func add(_ client: Client) {
    let leaving = clients.withLock { clients -> Client? in
      clients[ObjectIdentifier(client)] = client
      guard clients.count > limit else { return nil }
      // Clients with a request at a worker are few, and are not idle.
      let quiet = clients.values.filter { $0 !== client && $0.stage.load(ordering: .relaxed) == .idle }
      guard let quietest = quiet.min(by: { $0.activeAt < $1.activeAt }) else { return nil }
      clients[ObjectIdentifier(quietest)] = nil
      return quietest
    }
    _ = leaving?.handle.close()
  }

  func remove(_ client: Client) {
    clients.withLock { $0[ObjectIdentifier(client)] = nil }
  }
}
