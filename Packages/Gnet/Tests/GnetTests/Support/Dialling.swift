import RingBuffer
import TestSupport
import Testing

@testable import Gnet

/// An outbound connection under test: notes what its handler is told and what the connecting ends with.
final class DialledConnection: Sendable {
  /// The events in their order: `opened`, `closed 104`, `failed ...`.
  let events = Log<String>()
  private let bytes = Guarded<[UInt8]>([])

  /// The bytes that have arrived.
  var received: String { String(decoding: bytes.current, as: UTF8.self) }

  /// The service of the connection.
  ///
  /// - Parameter opened: called when the connection is open.
  func service(opened: @escaping @Sendable (inout Connection) -> Void = { _ in }) -> Service {
    Service { _ in Handler(connection: self, whenOpened: opened) }
  }

  /// Notes a failure to connect.
  @Sendable func fail(_ error: ConnectError) { events.add("failed \(error)") }

  private struct Handler: ConnectionHandler {
    let connection: DialledConnection
    let whenOpened: @Sendable (inout Connection) -> Void

    mutating func opened(_ connection: inout Connection) -> Action {
      self.connection.events.add("opened")
      whenOpened(&connection)
      return .none
    }

    mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
      let arrived = input.readAll()
      self.connection.bytes.withLock { $0 += arrived }
      return .none
    }

    consuming func closed(_ connection: inout Connection, _ error: (any Error)?) {
      self.connection.events.add("closed \(code(error))")
    }
  }
}

/// Runs a server without addresses, for outbound connections only, for the length of `body`.
func withClients(loopCount: Int = 1, options: Options = Options(), _ body: (Server) throws -> Void) throws {
  var options = options
  options.loopCount = loopCount
  try withListeners([], options: options, body)
}

extension SocketAddress {
  /// The address as `connect` takes it.
  var text: String { path.map { "unix://\($0)" } ?? "tcp://\(self)" }
}

/// A socket that listens, and whose connections nobody accepts.
final class SilentListener {
  let address: SocketAddress
  private let socket: OwnedSocket

  /// - Parameter backlog: the connections that fit into its queue, and one more.
  init(at raw: RawAddress, backlog: Int32) throws {
    let system = Kernel.shared
    socket = try system.socket(family: raw.family, isDatagram: false)
    try system.checked(system.bind(socket.fd, to: raw))
    try system.checked(system.listen(socket.fd, backlog: backlog))
    address = try system.localAddress(of: socket.fd)
  }

  convenience init(backlog: Int32 = 0) throws {
    try self.init(at: RawAddress(SocketAddress("127.0.0.1:0")!, isIPv6: false), backlog: backlog)
  }

  /// Takes a connection out of the queue.
  func accept() -> Bool {
    if case .accepted = Kernel.shared.accepting(socket.fd) { true } else { false }
  }
}

/// An address of this machine that refuses: its port belongs to a socket that does not listen.
final class RefusingAddress {
  let address: SocketAddress
  private let socket: OwnedSocket

  init(host: String = "127.0.0.1") throws {
    let system = Kernel.shared
    let wanted = try #require(SocketAddress(numericHost: host, port: 0))
    let isIPv6 = wanted.family == .ipv6
    let raw = RawAddress(wanted, isIPv6: isIPv6)
    socket = try system.socket(family: raw.family, isDatagram: false)
    try system.checked(system.bind(socket.fd, to: raw))
    address = try system.localAddress(of: socket.fd)
  }
}
