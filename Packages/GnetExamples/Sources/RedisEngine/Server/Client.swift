internal import Gnet
internal import Synchronization

/// The state of a client. Its own loop changes it; CLIENT LIST reads it on any loop.
final class Client: Sendable {
  let id: Int
  let address: String
  let localAddress: String
  private let openedAt = Clock.seconds

  /// The selected database.
  private let database = Atomic<Int>(0)
  private let activeAt = Atomic<Int>(Clock.seconds)
  /// The last command, by its position in the table; -1 for none.
  private let lastCommand = Atomic<Int>(-1)

  /// The description that a client gives of itself.
  struct Names {
    var name: [UInt8] = []
    var libraryName: [UInt8] = []
    var libraryVersion: [UInt8] = []
  }

  let names = Mutex(Names())

  init(id: Int, address: String, localAddress: String) {
    self.id = id
    self.address = address
    self.localAddress = localAddress
  }

  var selectedDatabase: Int {
    get { database.load(ordering: .relaxed) }
    set { database.store(newValue, ordering: .relaxed) }
  }

  func noteActivity() { activeAt.store(Clock.seconds, ordering: .relaxed) }

  func noteCommand(_ index: Int) { lastCommand.store(index, ordering: .relaxed) }

  /// A line of CLIENT LIST. Fields without a meaning here have the value of a client that does not use the feature.
  var line: [UInt8] {
    let names = names.withLock { $0 }
    let now = Clock.seconds
    let last = lastCommand.load(ordering: .relaxed)
    let command = last < 0 ? "NULL" : CommandTable.shared.fullNames[last]
    var line = Array("id=\(id) addr=\(address) laddr=\(localAddress) fd=-1 name=".utf8)
    line += names.name
    line += Array(
      " age=\(now - openedAt) idle=\(max(0, now - activeAt.load(ordering: .relaxed))) flags=N".utf8)
    line += Array(
      " db=\(selectedDatabase) sub=0 psub=0 ssub=0 multi=-1 qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=0".utf8)
    line += Array(" rbs=0 rbp=0 obl=0 oll=0 omem=0 tot-mem=0 events=r cmd=\(command) user=default redir=-1 resp=2".utf8)
    if !names.libraryName.isEmpty { line += Array(" lib-name=".utf8) + names.libraryName }
    if !names.libraryVersion.isEmpty { line += Array(" lib-ver=".utf8) + names.libraryVersion }
    return line
  }
}

/// All clients of all loops.
final class ClientRegistry: Sendable {
  private let clients = Mutex<[Int: Client]>([:])
  private let lastID = Atomic<Int>(0)

  /// Creates a client for a new connection, with a number of its own.
  func add(address: String, localAddress: String) -> Client {
    let id = lastID.add(1, ordering: .relaxed).newValue
    let client = Client(id: id, address: address, localAddress: localAddress)
    clients.withLock { $0[id] = client }
    return client
  }

  func remove(_ client: Client) { clients.withLock { $0[client.id] = nil } }

  var count: Int { clients.withLock { $0.count } }

  /// All clients, in the order of their arrival.
  var all: [Client] { clients.withLock { Array($0.values) }.sorted { $0.id < $1.id } }
}
