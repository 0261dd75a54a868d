// A chat: a client's first line is its name; then /join ROOM, /who, /quit, or a line for everybody else in the room.
import ArgumentParser
import ExampleSupport
import Gnet
import Synchronization

@main
struct Chat: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "chat", abstract: "A chat in rooms: a name, then /join ROOM, /who, /quit, or a line for the others.")

  @OptionGroup var server: ServerArguments

  func run() throws {
    let rooms = Mutex(Rooms())
    var events = Events()
    events.onLine { connection, line in
      let text = String(decoding: line, as: UTF8.self)
      let handle = connection.handle
      if let name = (connection.context as? Name)?.text {
        return rooms.withLock { $0.obey(text, from: name, handle) }
      }
      if !Rooms.isName(text) {
        connection.write("error: a name has 1 to 32 characters and no spaces, try again\n")
      } else if rooms.withLock({ $0.enter(text, handle) }) {
        connection.context = Name(text)
      } else {
        connection.write("error: the name \(text) is in use, try again\n")
      }
      return .none
    }
    events.onClosed = { connection, _ in
      let handle = connection.handle
      if let name = (connection.context as? Name)?.text { rooms.withLock { $0.leave(name, handle) } }
      return .none
    }
    // Little at a time: otherwise a member that floods the room within one turn of the loop makes all others seem slow.
    var options = Options()
    options.readBufferCapacity = 2048
    try server.serve(events, defaultAddress: "tcp://:9000", options: options)
  }
}

/// The identity of a connection once its name was accepted.
final class Name {
  let text: String
  init(_ text: String) { self.text = text }
}
