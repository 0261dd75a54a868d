import Gnet

/// The members of all rooms.
///
/// Shared by all loops, behind a lock: a name belongs to one member, and all members see lines in one order. Lines are
/// sent through handles, from any loop, and sending never waits.
struct Rooms {
  private struct Member {
    let handle: ConnectionHandle
    var room: String
  }

  private var members: [String: Member] = [:]
  private var names: [String: Set<String>] = [:]

  /// Whether a text may be the name of a member or a room.
  static func isName(_ text: String) -> Bool {
    (1...32).contains(text.count)
      && !text.unicodeScalars.contains { $0.properties.isWhitespace || $0.isInvisible }
  }

  /// Gives a newcomer a name and a place in the lobby; `false` if the name is in use.
  mutating func enter(_ name: String, _ handle: ConnectionHandle) -> Bool {
    if members[name] != nil { return false }
    members[name] = Member(handle: handle, room: "lobby")
    names["lobby", default: []].insert(name)
    tell(name, "* welcome to lobby, \(name)")
    return true
  }

  /// Applies a line of a member: a command or a message.
  mutating func apply(_ line: String, from name: String, _ handle: ConnectionHandle) -> Action {
    // Lines of a member that was disconnected for being slow may still arrive.
    guard let member = members[name], member.handle == handle else { return .close }
    let words = line.hasPrefix("/") ? line.split(separator: " ") : []
    switch (words.first, words.count) {
    case ("/join", 2) where Self.isName(String(words[1])):
      move(name, to: String(words[1]))
    case ("/join", _):
      tell(name, "error: /join takes the name of a room, 1 to 32 characters without spaces")
    case ("/who", 1):
      tell(name, "* in \(member.room): \(names[member.room, default: []].sorted().joined(separator: " "))")
    case ("/quit", 1):
      tell(name, "* bye, \(name)")
      return .close
    default:
      let said = "\(name): \(line.escapingInvisible)"
      for other in names[member.room, default: []] where other != name { tell(other, said) }
    }
    return .none
  }

  /// Frees the name of a member that has left.
  mutating func leave(_ name: String, _ handle: ConnectionHandle) {
    // The name of a member that was disconnected for being slow may belong to another one by now.
    guard let member = members[name], member.handle == handle else { return }
    members[name] = nil
    names[member.room]?.remove(name)
    if names[member.room]?.isEmpty == true { names[member.room] = nil }
  }

  private mutating func move(_ name: String, to room: String) {
    guard let member = members[name] else { return }
    leave(name, member.handle)
    members[name] = Member(handle: member.handle, room: room)
    names[room, default: []].insert(name)
    tell(name, "* joined \(room)")
  }

  /// Sends a line to a member, or disconnects the member if it does not read.
  private mutating func tell(_ name: String, _ line: String) {
    guard let handle = members[name]?.handle, !handle.write("\(line)\n") else { return }
    handle.abort()
    leave(name, handle)
  }
}
