import Gnet
import GnetTesting
import Testing

@testable import chat

/// The chat on a simulated network.
@Suite("chat rooms")
struct ChatRoomTests {
  private func withChats(
    loops: Int = 1, seeds: Range<UInt64> = 0..<20, _ test: (SimulatedExample) throws -> Void
  ) throws {
    try SimulatedExample.run(Chat.service, Chat.options, loops: loops, seeds: seeds, test)
  }

  @Test("a name has 1 to 32 characters and no spaces, and one client", arguments: [1, 2])
  func names(loops: Int) throws {
    try withChats(loops: loops) { chat in
      let (a, b) = (chat.connect(), chat.connect())
      let long = String(repeating: "x", count: 33)
      for bad in ["", "a b", long, "a\tb", "a\u{2003}b", "a\u{1b}[2J", "a\u{202e}b", "a\u{200b}b", "\u{9b}2J"] {
        a.send(bad + "\n")
        try chat.expect("error: a name has 1 to 32 characters and no spaces, try again", at: a)
      }
      let name = String(repeating: "\u{1f600}", count: 32)
      a.send(name + "\r\n")
      try chat.expect("* welcome to lobby, \(name)", at: a)
      for _ in 0..<3 {
        b.send(name + "\n")
        try chat.expect("error: the name \(name) is in use, try again", at: b)
      }
      b.send("b\n")
      try chat.expect("* welcome to lobby, b", at: b)
      a.send("/quit\nnot said any more\n")
      try chat.expect("* bye, \(name)", at: a)
      try chat.expect(nil, at: a)
      let c = try chat.enter(name)
      c.send("hi\n")
      try chat.expect("\(name): hi", at: b)
    }
  }

  @Test("nobody can clear the screens of others, nor turn their text around")
  func controls() throws {
    try withChats { chat in
      let (a, b) = (try chat.enter("a"), try chat.enter("b"))
      for (said, shown) in [
        ("\u{1b}[2J\u{7}", #"\u{1b}[2J\u{7}"#), ("\u{9b}2J", #"\u{9b}2J"#), ("\u{202e}abc", #"\u{202e}abc"#),
        ("\u{2028}\0", #"\u{2028}\u{0}"#), ("a\tb", "a\tb"),
        ("\u{1f468}\u{200d}\u{1f469}", "\u{1f468}\u{200d}\u{1f469}"),
      ] {
        a.send(said + "\n")
        try chat.expect("a: \(shown)", at: b)
      }
      a.send("/join \u{1b}[2J\n")
      try chat.expect("error: /join takes the name of a room, 1 to 32 characters without spaces", at: a)
    }
  }

  @Test("of many clients that want a name at the same time one gets it, and its end frees the name", arguments: [1, 2])
  func race(loops: Int) throws {
    try withChats(loops: loops) { chat in
      var clients = (0..<16).map { _ in chat.connect() }
      for round in 0..<5 {
        for client in clients { client.send("name\(round)\n") }
        let answers = try clients.map { try chat.line(of: $0) ?? "" }
        let winners = answers.indices.filter { answers[$0].hasPrefix("* welcome") }
        #expect(winners.count == 1 && answers.count { $0.contains("in use") } == 15)
        clients[winners[0]].reset()
        clients[winners[0]] = chat.connect()
      }
    }
  }

  @Test("a room's members all see its lines in one order, and no others", arguments: [1, 2])
  func order(loops: Int) throws {
    try withChats(loops: loops) { chat in
      func enter(_ name: String, _ room: String) throws -> SimulatedPeer {
        let member = try chat.enter("\(room)-\(name)")
        member.send("/join \(room)\n")
        try chat.expect("* joined \(room)", at: member)
        return member
      }
      var listeners: [String: [SimulatedPeer]] = [:]
      var speakers: [(room: String, member: SimulatedPeer)] = []
      for room in ["red", "blue"] {
        listeners[room] = try (0..<2).map { try enter("listener\($0)", room) }
        for index in 0..<4 { speakers.append((room, try enter("speaker\(index)", room))) }
      }
      for number in 0..<20 {
        for (room, member) in speakers { member.send("line \(number) for \(room)\n") }
      }
      for (room, members) in listeners {
        let heard = try members.map { member in
          try (0..<80).map { _ in try chat.line(of: member) ?? "" }
        }
        #expect(heard[0] == heard[1])
        for index in 0..<4 {
          let said = heard[0].filter { $0.hasPrefix("\(room)-speaker\(index): ") }
          #expect(said == (0..<20).map { "\(room)-speaker\(index): line \($0) for \(room)" })
        }
      }
    }
  }

  @Test("a member that does not read is disconnected while the others go on", arguments: [1, 2])
  func slowMember(loops: Int) throws {
    try withChats(loops: loops, seeds: 0..<1) { chat in
      let members = try ["slow", "talker", "witness"].map { try chat.enter($0) }
      let (slow, talker, witness) = (members[0], members[1], members[2])
      slow.isReadingPaused = true
      let text = String(repeating: "x", count: 4000)
      var answer: String?
      for _ in 0..<20 where answer != "* in lobby: talker witness" {
        for _ in 0..<50 { talker.send(text + "\n") }
        talker.send("/who\n")
        for _ in 0..<50 { try chat.expect("talker: \(text)", at: witness) }
        answer = try chat.line(of: talker)
      }
      #expect(answer == "* in lobby: talker witness")
      let other = try chat.enter("slow")
      slow.isReadingPaused = false
      try chat.simulation.run(until: { slow.isEnded })
      other.send("still here\n")
      try chat.expect("slow: still here", at: witness)
    }
  }

  @Test("a member whose connection is reset frees its name", arguments: [1, 2])
  func reset(loops: Int) throws {
    try withChats(loops: loops) { chat in
      let witness = try chat.enter("witness")
      for _ in 0..<5 {
        let gone = chat.connect()
        gone.send("gone\n/join elsewhere\n/join lobby\nbye\n")
        try chat.expect("gone: bye", at: witness)
        gone.reset()
        chat.simulation.run(for: .seconds(1))
        witness.send("/who\n")
        try chat.expect("* in lobby: witness", at: witness)
      }
    }
  }

  @Test("a line that is too long gets an error and the end, with its end in sight or not", arguments: [1, 2])
  func longLine(loops: Int) throws {
    try withChats(loops: loops) { chat in
      for (greeting, end) in [("", ""), ("", "\n"), ("bob\n", ""), ("bob\n", "\n")] {
        let client = chat.connect()
        client.send(greeting + String(repeating: "x", count: 100_000) + end)
        if !greeting.isEmpty { try chat.expect("* welcome to lobby, bob", at: client) }
        try chat.expect("error: a line may have at most 4096 bytes", at: client)
        try chat.expect(nil, at: client)
        client.close()
        chat.simulation.run(for: .seconds(1))
      }
    }
  }
}

extension SimulatedExample {
  /// Connects a client to a chat, and gives it a name.
  fileprivate func enter(_ name: String) throws -> SimulatedPeer {
    let member = connect()
    member.send("\(name)\n")
    try expect("* welcome to lobby, \(name)", at: member)
    return member
  }
}
