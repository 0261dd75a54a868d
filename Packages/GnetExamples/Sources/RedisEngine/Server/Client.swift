internal import Gnet
internal import Synchronization

/// The state of a client. Its own loop changes it; CLIENT LIST reads it on any loop.
final class Client: Sendable {
  let id: Int
  let address: String
  let localAddress: String
  /// The connection; `nil` for a client that is none.
  let handle: ConnectionHandle?
  private let openedAt = Clock.seconds

  /// The selected database.
  private let database = Atomic<Int>(0)
  private let activeAt = Atomic<Int>(Clock.seconds)
  /// The last command, by its position in the table; -1 for none.
  private let lastCommand = Atomic<Int>(-1)
  private let modeBits = Atomic<Int>(0)

  /// The differences from a client that asks for commands one by one in RESP2. Mostly none.
  struct Modes: OptionSet {
    let rawValue: Int
    static let resp3 = Modes(rawValue: 1)
    /// Between MULTI and EXEC or DISCARD.
    static let transaction = Modes(rawValue: 2)
    /// With a subscription: in RESP2, few commands are left.
    static let subscriber = Modes(rawValue: 4)
  }

  /// The description that a client gives of itself.
  struct Names {
    var name: [UInt8] = []
    var libraryName: [UInt8] = []
    var libraryVersion: [UInt8] = []
  }

  let names = Mutex(Names())
  let transaction = Mutex(Transaction())
  let subscriptions = Mutex(Subscriptions())
  let inbox = Inbox()

  init(id: Int, address: String, localAddress: String, handle: ConnectionHandle?) {
    self.id = id
    self.address = address
    self.localAddress = localAddress
    self.handle = handle
  }

  var selectedDatabase: Int {
    get { database.load(ordering: .relaxed) }
    set { database.store(newValue, ordering: .relaxed) }
  }

  @inline(__always)
  var modes: Modes {
    get { Modes(rawValue: modeBits.load(ordering: .relaxed)) }
    set { modeBits.store(newValue.rawValue, ordering: .relaxed) }
  }

  func noteActivity() { activeAt.store(Clock.seconds, ordering: .relaxed) }

  func noteCommand(_ index: Int) { lastCommand.store(index, ordering: .relaxed) }

  /// The seconds since the connection was made, and since the last request.
  var times: (age: Int, idle: Int) {
    let now = Clock.seconds
    return (now - openedAt, max(0, now - activeAt.load(ordering: .relaxed)))
  }

  /// The full name of the last command.
  var commandName: String {
    let last = lastCommand.load(ordering: .relaxed)
    return last < 0 ? "NULL" : CommandTable.shared.fullNames[last]
  }
}

extension Client {
  /// A line of CLIENT LIST. Fields without a meaning here have the value of a client that does not use the feature.
  var line: [UInt8] {
    let names = names.withLock { $0 }
    let modes = modes
    let isInTransaction = modes.contains(.transaction)
    let flags = (modes.contains(.subscriber) ? "P" : "") + (isInTransaction ? "x" : "")
    let (channels, patterns) = subscriptions.withLock { ($0.channels.count, $0.patterns.count) }
    let queued = isInTransaction ? transaction.withLock { $0.requests.count } : -1
    var line = Array("id=\(id) addr=\(address) laddr=\(localAddress) fd=-1 name=".utf8)
    line += names.name
    line += Array(" age=\(times.age) idle=\(times.idle) flags=\(flags.isEmpty ? "N" : flags)".utf8)
    line += Array(" db=\(selectedDatabase) sub=\(channels) psub=\(patterns) ssub=0 multi=\(queued)".utf8)
    line += Array(" qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=0 omem=0 tot-mem=0".utf8)
    line += Array(
      " events=r cmd=\(commandName) user=default redir=-1 resp=\(modes.contains(.resp3) ? 3 : 2)".utf8)
    if !names.libraryName.isEmpty { line += Array(" lib-name=".utf8) + names.libraryName }
    if !names.libraryVersion.isEmpty { line += Array(" lib-ver=".utf8) + names.libraryVersion }
    return line
  }
}
