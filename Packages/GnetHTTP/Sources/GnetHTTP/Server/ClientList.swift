internal import Gnet

/// The clients of a loop. When there are too many, the least active client is disconnected for the new one: idle clients
/// keep nobody out.
final class ClientList {
  private let limit: Int
  private var clients: [ObjectIdentifier: Client] = [:]

  init(limit: Int) { self.limit = limit }

  /// The activity of a client.
  final class Client {
    let handle: ConnectionHandle
    /// The time of the last whole request, or of the connection's start.
    var activeAt = ContinuousClock.now
    /// Whether a request of the client waits for its answer.
    var isWaiting = false

    init(_ handle: ConnectionHandle) { self.handle = handle }
  }

  /// Adds a client. Closes the connection of another client if there are too many now, or that of the new one if the
  /// others all wait for an answer.
  func add(_ client: Client) {
    clients[ObjectIdentifier(client)] = client
    guard clients.count > limit else { return }
    let quiet = clients.values.filter { $0 !== client && !$0.isWaiting }
    let quietest = quiet.min { $0.activeAt < $1.activeAt } ?? client
    remove(quietest)
    quietest.handle.close()
  }

  func remove(_ client: Client) { clients[ObjectIdentifier(client)] = nil }
}
