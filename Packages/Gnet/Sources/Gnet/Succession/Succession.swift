internal import CGnet
internal import SystemPackage

/// A listener of a running server, and its sockets.
struct ServedListener: Sendable {
  /// The address, as given.
  let address: String
  let sockets: [BoundSocket]

  var descriptors: [Int32] { sockets.map(\.fd) }

  /// The files of unix sockets.
  var files: [UnixSocketFile] { sockets.compactMap(\.file) }

  /// The file as a successor in this process sees it, which answers for it later.
  func fileOfSuccessor(_ system: some SystemCalls) -> UnixSocketFile? {
    guard let file = files.first, let identity = file.identity else { return nil }
    return UnixSocketFile(path: file.path, identity: identity, system)
  }

  /// The message that hands the listener over.
  var message: HandedOverListener {
    HandedOverListener(address, descriptorCount: sockets.count, file: files.first)
  }
}

/// The part of a server that hands its listeners over to a successor.
final class Succession: Sendable {
  let plugins: [any Plugin]
  private let state: Lock<State>

  private struct State {
    /// The listeners, whose sockets stay open while they are here; none once the server has begun to shut down.
    var listeners: [ServedListener]
    var isOver = false
    /// The channel to the successor that is being waited for.
    var channel: Int32?
  }

  init(_ listeners: [ServedListener], plugins: [any Plugin]) {
    assert(listeners.allSatisfy { !$0.sockets.isEmpty })
    self.plugins = plugins
    state = Lock(State(listeners: listeners))
  }

  /// The listeners that can be handed over.
  var listeners: [ServedListener] { state.withLock { $0.listeners } }

  /// Takes in that a socket has taken the place of another one.
  func replace(_ old: BoundSocket, by new: BoundSocket) {
    assert(old !== new && old.addressIndex == new.addressIndex && old.address == new.address)
    state.withLock { state in
      state.listeners = state.listeners.map { listener in
        ServedListener(address: listener.address, sockets: listener.sockets.map { $0 === old ? new : $0 })
      }
    }
  }

  /// Begins a hand-over, which the shutdown of the server ends.
  func begin(over channel: borrowing Channel) throws(HandOverError) {
    let fd = channel.fd
    let refusal: HandOverError? = state.withLock { state in
      if state.isOver { return .shutdown }
      if state.channel != nil { return .inProgress }
      state.channel = fd
      return nil
    }
    if let refusal { throw refusal }
  }

  /// Ends a hand-over, before its channel is closed.
  func end(over channel: borrowing Channel) {
    let fd = channel.fd
    state.withLock { state in
      assert(state.channel == fd)
      state.channel = nil
    }
  }

  /// Lets go of the listeners, since the server shuts down, and ends the wait for a successor.
  func shutDown() {
    state.withLock { state in
      assert(!state.isOver, "a server shuts down twice")
      state.isOver = true
      state.listeners = []
      if let channel = state.channel { cgnet_end_channel(channel) }
    }
  }
}
