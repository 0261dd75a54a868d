import ArgumentParser
import Gnet
import Synchronization

/// The words for `--balance`.
enum Balance: String, CaseIterable, ExpressibleByArgument {
  case roundRobin = "round-robin"
  case leastConnections = "least-connections"
  case sourceAddressHash = "source-address-hash"
}

/// A server that connections are relayed to.
final class Backend: Sendable {
  let address: String
  /// Whether the backend is in the rotation.
  let isUp = Atomic<Bool>(true)
  /// The open connections to the backend.
  let connectionCount = Atomic<Int>(0)
  /// Whether a check has begun and not ended.
  private let isBeingChecked = Atomic<Bool>(false)
  private let logger: Logger

  init(_ address: String, logger: Logger) {
    self.address = address
    self.logger = logger
  }

  /// Takes the backend into the rotation, or out of it.
  func set(isUp: Bool, _ error: ConnectError? = nil) {
    if self.isUp.exchange(isUp, ordering: .relaxed) == isUp { return }
    if isUp {
      logger.notice("\(address) is back")
    } else {
      logger.warning("\(address) is out of the rotation: \(error.map(String.init) ?? "no reason")")
    }
  }

  /// Finds out whether the backend accepts connections: opens one, and closes it.
  func check(_ options: ConnectOptions, on loop: EventLoop) {
    if isBeingChecked.exchange(true, ordering: .relaxed) { return }
    loop.connect(to: address, options: options, Check(backend: self)) { error in
      self.endCheck(error)
    }
  }

  fileprivate func endCheck(_ error: ConnectError?) {
    if error?.isOfBackend != false { set(isUp: error == nil, error) }
    isBeingChecked.store(false, ordering: .relaxed)
  }
}

/// The connection of a check.
private struct Check: ConnectionHandler {
  let backend: Backend

  mutating func opened(_ connection: inout Connection) -> Action {
    backend.endCheck(nil)
    return .close
  }

  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action { .close }
}

/// The backends, and the rule by which connections are dealt to them.
final class Backends: Sendable {
  private let all: [Backend]
  private let balance: Balance
  private let turn = Atomic<Int>(0)

  init(_ addresses: [String], _ balance: Balance, logger: Logger) {
    all = addresses.map { Backend($0, logger: logger) }
    self.balance = balance
  }

  /// The backend for a client: one of the rotation that was not tried before; `nil` if there is none.
  func choose(for client: SocketAddress, except tried: [Backend]) -> Backend? {
    let start = balance == .sourceAddressHash ? Int(client.stableHash % UInt64(all.count)) : nextTurn()
    var best: Backend?
    for offset in all.indices {
      let candidate = all[(start + offset) % all.count]
      guard candidate.isUp.load(ordering: .relaxed), !tried.contains(where: { $0 === candidate }) else { continue }
      if balance != .leastConnections { return candidate }
      if best == nil || candidate.load < best!.load { best = candidate }
    }
    return best
  }

  private func nextTurn() -> Int {
    Int(bitPattern: UInt(bitPattern: turn.wrappingAdd(1, ordering: .relaxed).oldValue) % UInt(all.count))
  }

  /// Checks every backend again and again.
  func check(every interval: Duration, _ options: ConnectOptions, on loop: EventLoop) {
    for backend in all {
      backend.check(options, on: loop)
      loop.every(interval) { backend.check(options, on: loop) }.keep()
    }
  }
}

extension Backend {
  fileprivate var load: Int { connectionCount.load(ordering: .relaxed) }
}

extension SocketAddress {
  /// A hash of the host, or the path, that is the same in every run. Source: FNV-1a, 64 bits.
  fileprivate var stableHash: UInt64 {
    (host ?? path ?? "").utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}

extension ConnectError {
  /// Whether the backend is at fault, or the way to it. Otherwise this process is short of something, or ends.
  var isOfBackend: Bool {
    switch self {
    case .nameNotFound, .timedOut, .filter: true
    case .system(let operation, _, let error): operation == "connect" && error != .addressNotAvailable
    case .invalidAddress, .shutdown: false
    }
  }
}
