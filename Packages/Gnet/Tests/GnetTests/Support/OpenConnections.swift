import SystemPackage
import TestPeers
import TestSupport

@testable import Gnet

extension Events {
  /// Logs the handle of each connection that opens.
  mutating func logHandles(_ handles: Log<ConnectionHandle>) {
    precondition(onOpened == nil)
    onOpened = { connection in handles.note(connection.handle) }
  }

  /// Logs the code of the error with which each connection ends.
  mutating func logEnds(_ closed: Log<Int32>) {
    onClosed = { _, error in closed.note(code(error)) }
  }

  /// Logs the errno with which each connection ends.
  mutating func logEnds(_ errors: Log<Errno?>) {
    onClosed = { _, error in errors.note(error as? Errno) }
  }

  /// These events, with a log of the handles of connections, and of the codes of the errors with which they end.
  func logging(_ handles: Log<ConnectionHandle>, closed: Log<Int32>? = nil) -> Events {
    var events = self
    events.logHandles(handles)
    if let closed { events.logEnds(closed) }
    return events
  }
}

extension TestServer {
  /// Connects clients one after the other, so that the handles are in their order.
  func connect(_ count: Int, _ handles: Log<ConnectionHandle>) throws -> [Client] {
    let before = handles.count
    return try (1...count).map { number in
      let client = try Client(address())
      try require("connection \(number) is open") { handles.count == before + number }
      return client
    }
  }

  /// Connects two clients, the first one first.
  func connectTwo(_ handles: Log<ConnectionHandle>) throws -> (Client, Client) {
    let clients = try connect(2, handles)
    return (clients[0], clients[1])
  }
}

/// Serves `events` for the length of `body`, which has a client and the handle of its connection, which is open.
func withOpenConnection(
  _ events: Events = Events(), options: Options = Options(), on transport: StreamTransport = .tcp4,
  closed: Log<Int32>? = nil, _ body: (TestServer, Client, ConnectionHandle) throws -> Void
) throws {
  let handles = Log<ConnectionHandle>()
  try withServer(events.logging(handles, closed: closed), options: options, on: [transport.address()]) { server in
    let client = try server.connect(1, handles)[0]
    try body(server, client, handles.values[0])
  }
}
