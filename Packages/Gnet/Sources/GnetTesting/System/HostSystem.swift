internal import CGnet
internal import Gnet
internal import Poller
internal import SystemPackage

/// The system of a simulated host, as servers use it.
// Unchecked: a simulation stays on one thread.
final class HostSystem: LoopSystem, @unchecked Sendable {
  unowned let host: SimulatedHost
  // Not the host alone: a server, and a detached connection, may outlive the simulation.
  let world: World

  init(_ host: SimulatedHost) {
    self.host = host
    world = host.world
  }

  /// Adds a call to the trace. Returns its result.
  func note(_ call: String, _ fd: Int32, _ result: Int) -> Int {
    world.note(host.number, call, Int(fd), result)
    return result
  }

  func note(_ call: String, _ fd: Int32, _ result: Int32) -> Int32 { Int32(note(call, fd, Int(result))) }

  // MARK: Streams

  func receive(_ fd: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    moved(note("recv", fd, unsafe receiving(fd, into: buffer)))
  }

  private func receiving(_ fd: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    if let error = host.failure(of: .receive) { return -Int(error) }
    switch host[fd]?.kind {
    case .stream(let end):
      let outcome = end.receive(shortened(buffer.count))
      guard case .success(let bytes) = outcome else { return outcome.code }
      unsafe buffer.copyBytes(from: bytes)
      return bytes.count
    case .datagrams(let socket):
      let outcome = socket.receive()
      guard case .success(let datagram) = outcome else { return outcome.code }
      let bytes = datagram.bytes.prefix(buffer.count)
      unsafe buffer.copyBytes(from: bytes)
      return bytes.count
    case nil: return -Int(EBADF)
    default: return -Int(ENOTCONN)
    }
  }

  func send(_ fd: Int32, _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Int {
    moved(note("send", fd, unsafe sending(fd, first, second)))
  }

  private func sending(_ fd: Int32, _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Int {
    if let error = host.failure(of: .send) { return -Int(error) }
    guard let descriptor = host[fd] else { return -Int(EBADF) }
    guard let end = descriptor.stream else { return -Int(ENOTCONN) }
    let bytes = unsafe Array(first) + Array(second)
    let outcome = end.send(bytes.prefix(shortened(bytes.count)))
    if case .success(let count) = outcome { return count }
    return outcome.code
  }

  private func moved(_ result: Int) -> Int {
    if result > 0 { world.noteProgress() }
    return result
  }

  private func shortened(_ count: Int) -> Int {
    count > 1 && world.random.happens(world.faults.shortTransferProbability) ? 1 + world.random.below(count) : count
  }

  func endOutput(of fd: Int32) -> Int32 { note("shutdown", fd, host[fd]?.stream?.endOutput() ?? -ENOTCONN) }

  func unreadCount(_ fd: Int32) -> Int {
    switch host[fd]?.kind {
    case .stream(let end): end.unreadCount
    case .datagrams(let socket): socket.unreadCount
    default: 0
    }
  }

  func unacknowledgedCount(_ fd: Int32) -> Int { host[fd]?.stream?.unacknowledgedCount ?? 0 }

  func takeError(of fd: Int32) -> Int32 {
    switch host[fd]?.kind {
    case .stream(let end): note("error", fd, end.takeError())
    case .datagrams(let socket): note("error", fd, socket.takeError())
    default: 0
    }
  }

  // MARK: Options and addresses

  func setOption(_ fd: Int32, _ option: cgnet_option, _ value: Int32) -> Int32 {
    guard let descriptor = host[fd] else { return -EBADF }
    // This option is set on the way to the end of a connection, where nothing is done about a failure.
    if option == CGNET_RESET_ON_CLOSE {
      descriptor.stream?.resetsOnClose = value != 0
      return 0
    }
    if let error = host.failure(of: .setOption) { return note("setsockopt", fd, -error) }
    switch option {
    case CGNET_SHARE_PORT: descriptor.sharesPort = value != 0
    case CGNET_IPV6_ONLY: descriptor.takesIPv4 = value == 0
    case CGNET_REPORT_LOCAL: if case .datagrams(let socket) = descriptor.kind { socket.reportsLocal = true }
    default: break
    }
    return 0
  }

  func readLocalAddress(of fd: Int32, into address: inout RawAddress) -> Int32 {
    guard let descriptor = host[fd] else { return -EBADF }
    if let error = host.failure(of: .getName) { return note("getsockname", fd, -error) }
    address = RawAddress(descriptor.local, isIPv6: descriptor.isIPv6)
    return 0
  }

  func readPeerAddress(of fd: Int32, into address: inout RawAddress) -> Int32 {
    guard let remote = host[fd]?.remote else { return -ENOTCONN }
    address = RawAddress(remote, isIPv6: host[fd]?.isIPv6 ?? false)
    return 0
  }

  func adopt(_ fd: Int32) -> Int32 { host[fd]?.stream == nil ? -ENOTSOCK : 0 }

  func identify(_ fd: Int32, as kind: inout cgnet_socket_kind) -> Int32 {
    guard let descriptor = host[fd] else { return -EBADF }
    kind.is_datagram = descriptor.isDatagram
    if case .listening = descriptor.kind { kind.is_listening = true } else { kind.is_listening = false }
    return 0
  }

  func duplicate(_ fd: Int32) -> Int32 {
    note("dup", fd, host.failure(of: .duplicate).map { -$0 } ?? host.duplicate(fd))
  }

  func makeBlocking(_ fd: Int32) -> Int32 { host[fd] == nil ? -EBADF : 0 }
  func canSegment(_ fd: Int32) -> Bool { world.random.happens(0.5) }
  func peerProcess(of fd: Int32) -> Int32 { Int32(host.number + 1) }

  @discardableResult
  func close(_ fd: Int32) -> Int32 {
    let result = host.close(fd)
    return note("close", fd, result == 0 ? -(host.failure(of: .close) ?? 0) : result)
  }

  // MARK: Files

  func identity(ofFileAt path: String) -> FileIdentity? {
    host.files[path].map { FileIdentity(device: 1, number: $0.number, isSocket: true) }
  }

  var workingDirectory: String? { "/" }
  func setPermissions(ofFileAt path: String, _ mode: UInt32) -> Int32 { -(host.failure(of: .changeMode) ?? 0) }
  func removeFile(at path: String) { host.removeFile(at: path) }

  func lockFolder(at path: String) -> Int32 {
    host.open(Descriptor(host, family: AF_UNSPEC, isDatagram: false, .lock)) ?? -EMFILE
  }

  var descriptorLimit: Int { host.descriptorLimit }

  // MARK: Names and the clock

  func resolve(_ query: NameQuery) throws(NameError) -> [RawAddress] {
    let texts: [String]
    switch query.host {
    case "": texts = query.isPassive ? ["::", "0.0.0.0"] : ["::1", "127.0.0.1"]
    case "localhost": texts = ["::1", "127.0.0.1"]
    case let name:
      let named = world.hosts.first { $0.name == name }
      texts = named.map { [$0.addressIPv6.host ?? "", $0.address.host ?? ""] } ?? [name]
    }
    let addresses = texts.compactMap { SocketAddress(numericHost: $0, port: query.port) }
      .filter { query.family == AF_UNSPEC || query.family == ($0.family == .ipv6 ? AF_INET6 : AF_INET) }
    if addresses.isEmpty { throw NameError(reason: "Name or service not known") }
    return addresses.map { RawAddress($0, isIPv6: $0.family == .ipv6) }
  }

  func start(_ lookup: Lookup) {
    let world = world
    let fails = world.random.happens(world.network.lookupFailureProbability)
    world.schedule(after: world.random.nanoseconds(in: world.network.lookupDelay)) { [self] in
      if fails { return lookup.answer(.failure(NameError(reason: "Temporary failure in name resolution"))) }
      lookup.answer(Result { () throws(NameError) in try resolve(lookup.query) })
    }
  }

  var now: Poller.Instant {
    world.passTime()
    return host.clock
  }

  var continuousNow: ContinuousClock.Instant {
    world.beginning + .nanoseconds(now.nanoseconds)
  }

  // MARK: Readiness

  func openSelector() throws(Errno) -> SimulatedSelector {
    if let error = host.failure(of: .openSelector) { throw Errno(rawValue: error) }
    return SimulatedSelector(state: host.openSelector())
  }
}

extension Result where Failure == CallError {
  /// The negated errno of a failure; 0 for a success.
  var code: Int { if case .failure(let error) = self { -Int(error.code) } else { 0 } }
}
