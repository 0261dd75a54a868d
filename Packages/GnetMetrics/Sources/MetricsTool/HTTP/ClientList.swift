internal import Gnet
internal import Synchronization

/// The clients of an endpoint. When there are too many, the one that has been quiet for longest makes room for the new
/// one, so that clients that ask nothing keep nobody out.
final class ClientList: Sendable {
  typealias Client = PrometheusEndpoint.Exchange

  private let limit: Int
  private let clients = Mutex<[ObjectIdentifier: Client]>([:])

  init(limit: Int) { self.limit = limit }

  /// Takes up a client, on its loop's thread; closes the connection of another if there are too many now.
  func add(_ client: Client) {
    let leaving = clients.withLock { clients -> Client? in
      clients[ObjectIdentifier(client)] = client
      guard clients.count > limit else { return nil }
      // Those that a worker answers are few, and have asked for something.
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
