// A chat: a client's first line is its name; then /join ROOM, /who, /quit, or a line for everybody else in the room.
import ArgumentParser
import ExampleSupport
import Gnet
import Synchronization

@main
struct Chat: ServerProgram {
  static let summary = "A chat in rooms: a name, then /join ROOM, /who, /quit, or a line for the others."

  func run(_ server: ServerArguments) throws {
    try server.serve(Self.service, defaultAddress: "tcp://:9000", options: Self.options)
  }

  /// A chat with rooms of its own.
  static var service: Service { Service { [rooms = SharedRooms()] _ in Member(shared: rooms) } }

  static var options: Options {
    // Little at a time: otherwise a member that floods the room within one turn of the loop makes all others seem slow.
    var options = Options()
    options.readBufferCapacity = 2048
    return options
  }
}

/// The rooms, which the members of all loops share.
final class SharedRooms: Sendable { let rooms = Mutex(Rooms()) }

/// The connection of a client.
struct Member: ConnectionHandler {
  let shared: SharedRooms
  /// The name of the member, once it was accepted.
  var name: String?

  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    connection.forEachLine(in: &input) { connection, line in
      let text = String(decoding: line, as: UTF8.self)
      let handle = connection.handle
      if let name { return shared.rooms.withLock { $0.apply(text, from: name, handle) } }
      if !Rooms.isName(text) {
        connection.write("error: a name has 1 to 32 characters and no spaces, try again\n")
      } else if shared.rooms.withLock({ $0.enter(text, handle) }) {
        name = text
      } else {
        connection.write("error: the name \(text) is in use, try again\n")
      }
      return .none
    }
  }

  /// Goes on until the client leaves.
  mutating func shuttingDown(_ connection: inout Connection) -> Action { .none }

  consuming func closed(_ connection: inout Connection, _ error: (any Error)?) {
    let handle = connection.handle
    if let name { shared.rooms.withLock { $0.leave(name, handle) } }
  }
}
