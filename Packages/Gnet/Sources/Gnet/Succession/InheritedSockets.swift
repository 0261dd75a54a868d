internal import CGnet
internal import Synchronization
internal import SystemPackage

/// Sockets that the process was given, bound already, for one listener.
///
/// A server uses duplicates of them. When it has started, the given descriptors are closed; when it cannot start, they stay as
/// they are.
final class InheritedSockets: Sendable {
  /// The address of the listener, as given.
  let text: String
  /// The descriptors as the process was given them.
  let descriptors: [Int32]
  /// The file of a unix socket that a predecessor has bound.
  let file: UnixSocketFile?
  private let taken = Atomic<Bool>(false)

  init(_ text: String, _ descriptors: [Int32], file: UnixSocketFile? = nil) {
    assert(descriptors.allSatisfy { $0 >= 0 })
    self.text = text
    self.descriptors = descriptors
    self.file = file
  }

  /// The sockets that an address such as `fd://3` or `systemd://web` stands for; `nil` for other addresses.
  convenience init?(_ text: String) throws(ServeError) {
    if text.hasPrefix("fd://") {
      let digits = text.utf8.dropFirst("fd://".utf8.count)
      guard !digits.isEmpty, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
        let number = Int32(Substring(digits))
      else { throw .invalidAddress(text, reason: "the number of a descriptor must follow fd://") }
      self.init(text, [number])
    } else if text.hasPrefix("systemd://") {
      let name = String(text.dropFirst("systemd://".count))
      do throws(SocketActivation.Problem) {
        self.init(text, try SocketActivation.ofThisProcess.descriptors(named: name))
      } catch {
        throw .invalidAddress(text, reason: error.reason)
      }
    } else {
      return nil
    }
  }

  // MARK: Serving

  /// Whether a server has taken the sockets over.
  var areTaken: Bool { taken.load(ordering: .acquiring) }

  /// Closes the given descriptors, since a server has its own now.
  func take(_ system: some SystemCalls) {
    if taken.exchange(true, ordering: .acquiringAndReleasing) { return }
    for descriptor in descriptors { system.close(descriptor) }
  }

  /// Whether the sockets are of datagrams.
  ///
  /// - Throws: the error for a descriptor that is no socket which a server can have.
  func areDatagrams(_ system: some SystemCalls) throws(ServeError) -> Bool {
    var isDatagram = false
    for descriptor in descriptors { isDatagram = try kind(of: descriptor, system).is_datagram }
    return isDatagram
  }

  private func kind(of descriptor: Int32, _ system: some SystemCalls) throws(ServeError) -> cgnet_socket_kind {
    var kind = cgnet_socket_kind()
    do throws(Errno) {
      try system.checked(system.identify(descriptor, as: &kind))
    } catch .protocolWrongTypeForSocket {
      throw .invalidAddress(
        text, reason: "descriptor \(descriptor) is no socket of TCP, UDP, or streams between processes")
    } catch {
      throw .system(operation: SystemCall.getOption.rawValue, address: text, error)
    }
    return kind
  }

  /// Makes the sockets ready to be served.
  ///
  /// Returns lists as ``Address/bind(index:loopCount:backlog:options:on:)`` does: the loops have a socket each where there is
  /// one for each of them at the same address. Any other number of sockets is dealt to the loops one by one.
  func bind(
    index: Int, loopCount: Int, backlog: Int, options: Options, on system: some SystemCalls
  ) throws(ServeError) -> [[BoundSocket]] {
    var sockets: [BoundSocket] = []
    for descriptor in descriptors {
      sockets.append(try socket(descriptor, index: index, backlog: Int32(clamping: backlog), options, system))
    }
    let isShared = sockets.count == loopCount && sockets.allSatisfy { $0.address == sockets[0].address }
    return isShared ? [sockets] : sockets.map { [$0] }
  }

  private func socket(
    _ descriptor: Int32, index: Int, backlog: Int32, _ options: Options, _ system: some SystemCalls
  ) throws(ServeError) -> BoundSocket {
    let kind = try kind(of: descriptor, system)
    var step = SystemCall.duplicate
    let bound: BoundSocket
    do throws(Errno) {
      let socket = OwnedSocket(adopting: try system.checked(system.duplicate(descriptor)), of: system)
      step = .getName
      var raw = RawAddress()
      try system.checked(system.readLocalAddress(of: socket.fd, into: &raw))
      let address = SocketAddress(raw.storage, length: raw.length)
      step = .setOption
      if kind.is_datagram {
        try system.setDatagramOptions(of: socket.fd, options)
        if address.isUnspecified { try system.set(CGNET_REPORT_LOCAL, raw.family, of: socket.fd) }
      } else {
        try system.setStreamOptions(of: socket.fd, family: raw.family, options)
      }
      step = .listen
      if !kind.is_datagram && !kind.is_listening { try system.checked(system.listen(socket.fd, backlog: backlog)) }
      bound = BoundSocket(
        socket, address: address, addressIndex: index, isDatagram: kind.is_datagram,
        isIPv6: raw.family == AF_INET6, backlog: kind.is_datagram ? 0 : backlog, file: file)
    } catch {
      throw .system(operation: step.rawValue, address: text, error)
    }
    if bound.address.port == 0 || bound.address.path == "" {
      throw .invalidAddress(text, reason: "the socket is bound to no address")
    }
    return bound
  }
}
