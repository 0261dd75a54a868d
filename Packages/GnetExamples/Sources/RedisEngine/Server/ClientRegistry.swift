internal import Gnet
internal import Synchronization

/// All clients of all loops.
final class ClientRegistry: Sendable {
  private let clients = Mutex<[Int: Client]>([:])
  private let lastID = Atomic<Int>(0)

  /// Creates a client for a new connection, with a number of its own.
  func add(_ connection: borrowing Connection) -> Client {
    let id = lastID.add(1, ordering: .relaxed).newValue
    let client = Client(
      id: id, address: "\(connection.remoteAddress)", localAddress: "\(connection.localAddress)",
      handle: connection.handle)
    clients.withLock { $0[id] = client }
    return client
  }

  func remove(_ client: Client) { clients.withLock { $0[client.id] = nil } }

  var count: Int { clients.withLock { $0.count } }

  /// All clients, in the order of their arrival.
  var all: [Client] { clients.withLock { Array($0.values) }.sorted { $0.id < $1.id } }
}
