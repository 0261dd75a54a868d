public import Gnet
internal import CGnet
internal import Poller

/// A machine of a simulation: its addresses, its clock, and the sockets of its servers and peers.
public final class SimulatedHost {
  /// The name, which the name service knows.
  public let name: String

  /// The IPv4 address, with port 0.
  public let address: SocketAddress

  /// The IPv6 address, with port 0.
  public let addressIPv6: SocketAddress

  // All below is used on the thread of the simulation.
  unowned let world: World
  let number: Int
  /// The sockets by their descriptors.
  private var descriptors: [Descriptor?] = [nil, nil, nil]
  private var listeners: [ListeningSocket] = []
  private var datagramSockets: [DatagramSocket] = []
  private(set) var files: [String: UnixFile] = [:]
  private var fileCount: UInt64 = 0
  private var nextPort = 40_000
  /// The selectors that a server being started has opened.
  private var selectors: [SelectorState] = []
  private(set) var selectorCount = 0
  /// The time by which the clock lags behind.
  private var lag: Int64 = 0
  private var stopOfClock: Int64?

  /// Whether the processes of the host are stopped: their loops do not run.
  public private(set) var isStopped = false

  /// The number of descriptors that the processes may have.
  public var descriptorLimit = 1024

  /// The file of a unix socket.
  struct UnixFile {
    let number: UInt64
    weak var listener: ListeningSocket?
    /// Whether a socket is bound to the file, listening or not.
    var isBound: Bool
  }

  init(_ name: String, number: Int, in world: World) {
    self.name = name
    self.number = number
    self.world = world
    address = SocketAddress("10.0.\(number / 250).\(number % 250 + 1):0")!
    addressIPv6 = SocketAddress("[fd00::\(String(number + 1, radix: 16))]:0")!
  }

  // MARK: The state of the machine

  /// Stops the processes, as `SIGSTOP` does. Their input waits.
  public func stop() { isStopped = true }

  /// Lets the processes go on.
  public func resume() { isStopped = false }

  /// Whether the clock stands still. When it goes on, it has lost the time in between, as that of a virtual machine that was
  /// suspended.
  public var isClockStopped: Bool {
    get { stopOfClock != nil }
    set {
      if newValue, stopOfClock == nil { stopOfClock = world.now }
      if !newValue, let start = stopOfClock.take() { lag += world.now - start }
    }
  }

  var openSocketCount: Int { descriptors.count { $0 != nil } + 3 }

  /// The number of descriptors that the servers of the host have open: sockets and selectors.
  public var openDescriptorCount: Int { descriptors.count { $0 != nil } + selectorCount }

  /// The clock of the host.
  var clock: Poller.Instant { Poller.Instant(nanoseconds: Self.epoch + (stopOfClock ?? world.now) - lag) }

  /// The time at which the clock shows a moment; `Int64.max` for never, and as long as the clock stands still.
  func time(of moment: Poller.Instant) -> Int64 {
    guard moment < .never, stopOfClock == nil else { return .max }
    return moment.nanoseconds - Self.epoch + lag
  }

  /// The reading of the clock at the beginning of a simulation: a clock that begins with zero hides mistakes.
  private static let epoch: Int64 = 1_000_000_000_000

  /// The errno of a fault that a call meets now; `nil` for none.
  func failure(of call: Call) -> Int32? {
    let errors = call.errors
    if call.isInterruptible && world.random.happens(world.faults.interruptProbability) { return EINTR }
    if errors.isEmpty || !world.random.happens(world.faults.callFailureProbability) { return nil }
    return world.random.element(of: errors)
  }

  // MARK: Descriptors

  /// Gives a socket the lowest free descriptor; `nil` at the limit.
  func open(_ descriptor: Descriptor) -> Int32? {
    let number = descriptors.indices.dropFirst(3).first { descriptors[$0] == nil } ?? descriptors.count
    guard number < descriptorLimit else { return nil }
    if number == descriptors.count { descriptors.append(descriptor) } else { descriptors[number] = descriptor }
    return Int32(number)
  }

  /// The socket of a descriptor. It is a mistake to use a descriptor that is not open.
  subscript(fd: Int32) -> Descriptor? {
    get {
      guard fd >= 3, Int(fd) < descriptors.count, let descriptor = descriptors[Int(fd)] else {
        world.report("descriptor \(fd) is used, which is not open")
        return nil
      }
      return descriptor
    }
    set { descriptors[Int(fd)] = newValue }
  }

  func watchable(_ fd: Int32) -> Watchable? { self[fd]?.watchable }

  /// Opens another descriptor for a socket.
  func duplicate(_ fd: Int32) -> Int32 {
    guard let descriptor = self[fd] else { return -EBADF }
    guard let duplicate = open(descriptor) else { return -EMFILE }
    descriptor.descriptorCount += 1
    return duplicate
  }

  /// Closes a descriptor, and with the last one the socket, whose watching ends.
  func close(_ fd: Int32) -> Int32 {
    guard let descriptor = self[fd] else { return -EBADF }
    descriptors[Int(fd)] = nil
    descriptor.descriptorCount -= 1
    if descriptor.descriptorCount == 0 {
      descriptor.watchable?.forgetRegistrations()
      descriptor.close()
    } else {
      descriptor.watchable?.noteClosed(fd)
    }
    return 0
  }

  func openSelector() -> SelectorState {
    let selector = SelectorState(self)
    selectors.append(selector)
    selectorCount += 1
    return selector
  }

  func closeSelector() { selectorCount -= 1 }

  /// Takes the selectors that were opened since the last call.
  func takeSelectors() -> [SelectorState] {
    defer { selectors = [] }
    return selectors
  }

  func forgetAll() {
    for index in descriptors.indices where descriptors[index] != nil {
      descriptors[index]?.watchable?.forgetRegistrations()
      _ = close(Int32(index))
    }
    (listeners, datagramSockets, files, selectors) = ([], [], [:], [])
  }

  // MARK: Addresses

  func has(_ address: SocketAddress) -> Bool {
    address.isLoopback || address.isUnspecified || address.withPort(of: self.address) == self.address
      || address.withPort(of: addressIPv6) == addressIPv6
  }

  /// The address that something to `peer` is sent from, with the port of another address.
  func source(for peer: SocketAddress, port: SocketAddress) -> SocketAddress {
    if !port.isUnspecified && port.family != .unix { return port }
    if peer.isLoopback || peer.isUnspecified {
      return SocketAddress(peer.family == .ipv6 ? "[::1]:0" : "127.0.0.1:0")!.withPort(of: port)
    }
    return (peer.family == .ipv6 ? addressIPv6 : address).withPort(of: port)
  }

  /// A port that no socket has.
  func takePort() -> UInt16 {
    nextPort = nextPort >= 60_000 ? 40_000 : nextPort + 1
    return UInt16(nextPort)
  }

  /// Whether a socket of the kind has the address, so that another cannot be bound to it.
  func isTaken(_ address: SocketAddress, isDatagram: Bool) -> Bool {
    isDatagram
      ? datagramSockets.contains { $0.local == address && $0.remote == nil }
      : listeners.contains { $0.address == address }
  }

  func bind(_ listener: ListeningSocket) {
    listeners.append(listener)
    if let path = listener.address.path, files[path] != nil { files[path]?.listener = listener }
  }

  func bind(_ socket: DatagramSocket) { datagramSockets.append(socket) }

  func unbind(_ listener: ListeningSocket) {
    listeners.removeAll { $0 === listener }
    if let path = listener.address.path, files[path]?.listener === listener { files[path]?.isBound = false }
  }

  func unbind(_ socket: DatagramSocket) { datagramSockets.removeAll { $0 === socket } }

  /// The listening socket that takes a connection to an address; of several that share a port, any.
  func listener(for address: SocketAddress) -> ListeningSocket? {
    if let path = address.path, let file = files[path] { return file.isBound ? file.listener : nil }
    let exact = listeners.filter { $0.address == address }
    if !exact.isEmpty { return world.random.element(of: exact) }
    let all = listeners.filter {
      $0.address.isUnspecified && $0.address.port == address.port && $0.takes(address.family)
    }
    if !all.isEmpty { return world.random.element(of: all) }
    // A peer connects to the address that a server has reported, also to the unspecified address.
    guard address.isUnspecified else { return nil }
    return listeners.first { $0.address.port == address.port && $0.takes(address.family) }
  }

  func datagramSocket(for address: SocketAddress) -> DatagramSocket? {
    let exact = datagramSockets.filter { $0.local == address }
    if !exact.isEmpty { return world.random.element(of: exact) }
    let all = datagramSockets.filter {
      ($0.local.isUnspecified || address.isUnspecified) && $0.local.port == address.port && $0.takes(address.family)
    }
    return all.isEmpty ? nil : world.random.element(of: all)
  }

  // MARK: Files

  /// Makes the file of a unix socket.
  func addFile(_ path: String) {
    fileCount += 1
    files[path] = UnixFile(number: fileCount, listener: nil, isBound: true)
  }

  /// Removes the file of a unix socket, as a program does that cleans up a folder. Does nothing where there is no file.
  public func removeFile(at path: String) { files[path] = nil }

  func unbindFile(_ path: String) { files[path]?.isBound = false }
}

extension ListeningSocket {
  fileprivate func takes(_ family: SocketAddress.Family) -> Bool {
    isIPv6 ? family == .ipv6 || takesIPv4 : family == .ipv4
  }
}

extension DatagramSocket {
  fileprivate func takes(_ family: SocketAddress.Family) -> Bool {
    isIPv6 ? family == .ipv6 || takesIPv4 : family == .ipv4
  }
}
