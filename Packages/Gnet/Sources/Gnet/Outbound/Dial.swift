internal import Poller
internal import SystemPackage

/// An outbound connection that is being established: the wishes of the caller, and the stage that the loop has reached.
///
/// Its handle refers to it until it is over: established, failed or taken back.
// Unchecked: made on any thread, and the loop's once it was posted. The resolver's thread sets `found` before it posts
// the dial again.
final class Dial: @unchecked Sendable {
  enum Stage {
    /// The loop has not seen the dial yet.
    case posted
    /// The host is being looked up.
    case resolving(Lookup)
    /// Sockets are connecting.
    case connecting
    /// Established, failed or taken back.
    case over
  }

  /// The address as given.
  let address: String
  /// The address to connect to, or what is wrong with it.
  let target: Result<Address, ConnectError>
  let options: ConnectOptions
  let service: Service
  let queue: HandleQueue
  /// The end of the time limit.
  let deadline: Poller.Instant
  private var onFailure: (@Sendable (ConnectError) -> Void)?

  var stage = Stage.posted
  /// The answer of the lookup.
  var found: Lookup.Outcome?
  /// The address to connect from.
  var local: SocketAddress?
  /// The addresses to try.
  var race = AddressRace([])
  /// The time to try the next address; `never` when there is none.
  var nextAttempt = Poller.Instant.never
  /// The time between attempts to connect to a unix socket whose queue is full.
  var retryDelay = Duration.milliseconds(1)
  /// The connections of the sockets that are connecting: the last one, and those before it.
  var latest: ConnectionToken?
  var earlier: [ConnectionToken] = []
  /// The failure of the address that was tried last.
  var failure: ConnectError?
  var timer: Timers<Deadline>.ID?
  /// The place among the loop's dials.
  var index = -1

  init(
    _ address: String, _ options: ConnectOptions, _ service: Service, on loop: EventLoop,
    onFailure: (@Sendable (ConnectError) -> Void)?
  ) {
    self.address = address
    self.options = options
    self.service = service
    self.onFailure = onFailure
    deadline = loop.system.now + options.timeout
    let target = Result { () throws(ConnectError) in try Address(connectingTo: address) }
    self.target = target
    queue = HandleQueue(ofConnectionOn: loop, keepsBounds: (try? target.get())?.scheme.isDatagram ?? false)
    queue.setDial(self)
  }

  /// Whether the connection is one over UDP.
  var isDatagram: Bool { (try? target.get())?.scheme.isDatagram ?? false }

  /// The connections of all sockets that are connecting.
  var attempts: [ConnectionToken] { latest.map { earlier + [$0] } ?? earlier }

  /// Ends the dial, and tells the caller of the failure, if it is one.
  ///
  /// - Parameter error: the failure; `nil` if the caller has taken the connection back.
  func end(_ error: ConnectError?) {
    let callback = leave()
    queue.markGone()
    if let error { callback?(error) }
  }

  /// Ends the dial, since its connection is established.
  func succeed() { _ = leave() }

  private func leave() -> (@Sendable (ConnectError) -> Void)? {
    if case .resolving(let lookup) = stage { lookup.cancel() }
    stage = .over
    queue.setDial(nil)
    return onFailure.take()
  }

  /// The failure of a system call.
  func failure(of call: SystemCall, _ error: Errno) -> ConnectError {
    .system(operation: call.rawValue, address: address, error)
  }
}

extension Address {
  /// Parses an address to connect to.
  init(connectingTo text: String) throws(ConnectError) {
    do throws(ServeError) {
      try self.init(text)
    } catch {
      switch error {
      case .invalidAddress(_, let reason): throw .invalidAddress(text, reason: reason)
      default: throw .invalidAddress(text, reason: "unsupported scheme: use tcp, tcp4, tcp6, udp, udp4, udp6 or unix")
      }
    }
    if scheme == .unix { return }
    if host.isEmpty { throw .invalidAddress(text, reason: "the host is missing") }
    if port == 0 { throw .invalidAddress(text, reason: "port 0 cannot be connected to") }
    if reusePort { throw .invalidAddress(text, reason: "reuseport is for addresses to listen on") }
  }

  /// The address that the text stands for without a lookup; `nil` for a host name.
  func numeric() throws(ConnectError) -> SocketAddress? {
    if scheme == .unix { return SocketAddress(.unix(path: path)) }
    guard let address = SocketAddress(numericHost: host, port: port) else { return nil }
    guard address.family == .ipv4 ? scheme.allowsIPv4 : scheme.allowsIPv6 else {
      let version = address.family == .ipv4 ? "IPv4" : "IPv6"
      throw .invalidAddress(text, reason: "an \(version) address with the scheme \(scheme.rawValue)")
    }
    return address
  }

  /// The query for the addresses of a host name.
  var query: NameQuery {
    NameQuery(host: host, port: port, family: family, isDatagram: scheme.isDatagram, isPassive: false)
  }
}
