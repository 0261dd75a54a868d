import Foundation
import TestPeers
import Testing

@Suite("chat")
struct ChatTests {
  @Test("two people talk with nc, one of them with the line ends of telnet", .needs("nc"), arguments: [1, 2])
  func conversation(loops: Int) throws {
    let chat = try Example("chat", loops: loops)
    let (alice, bob) = (try chat.connect(), try chat.connect("-C"))
    try alice.send("alice\n")
    #expect(alice.line() == "* welcome to lobby, alice")
    try bob.send("bob\n")
    #expect(bob.line() == "* welcome to lobby, bob")
    try bob.send("hello, who is there?\n/who\n")
    #expect(bob.line() == "* in lobby: alice bob")
    #expect(alice.line() == "bob: hello, who is there?")
    // A command begins with its slash.
    try alice.send("just me\n /who\n\n/whoever\n")
    for text in ["just me", " /who", "", "/whoever"] { #expect(bob.line() == "alice: \(text)") }
    try bob.send("/quit\n")
    bob.endInput()
    #expect(bob.line() == "* bye, bob")
    #expect(bob.line() == nil)
    #expect(bob.exitCode() == 0)
    try alice.send("/who\n")
    #expect(alice.line() == "* in lobby: alice")
    alice.endInput()
    chat.server.signal(SIGINT)
    #expect(alice.line() == nil)
    #expect(chat.server.exitCode() == 0)
  }

  @Test("who sends all lines at once and ends the stream gets all answers", .needs("nc"), arguments: [1, 2])
  func halfClosed(loops: Int) throws {
    let chat = try Example("chat", loops: loops)
    for _ in 0..<5 {
      // The name is free again when the one before has got the end of the stream.
      let answer = try chat.answer(to: "bob\n/join a b\n/join\n/join den\n/joinery\n/who\n")
      #expect(
        answer == """
          * welcome to lobby, bob
          error: /join takes the name of a room, 1 to 32 characters without spaces
          error: /join takes the name of a room, 1 to 32 characters without spaces
          * joined den
          * in den: bob

          """)
    }
    chat.end()
  }

  @Test("a name has 1 to 32 characters and no spaces, and one client", .needs("python3"), arguments: [1, 2])
  func names(loops: Int) throws {
    try Example("chat", loops: loops).endAfterPython(
      """
      a, b = connect(), connect()
      a_line, b_line = lines(a), lines(b)
      for bad in ["", "a b", "x" * 33, "a\\tb", "a\\u2003b", "a\\x1b[2J", "a\\u202eb", "a\\u200bb", "\\u009b2J"]:
          say(a, bad + "\\n")
          equal(a_line(), "error: a name has 1 to 32 characters and no spaces, try again\\n")
      name = "\\N{GRINNING FACE}" * 32
      say(a, name + "\\r\\n")
      equal(a_line(), f"* welcome to lobby, {name}\\n")
      for attempt in range(3):
          say(b, name + "\\n")
          equal(b_line(), f"error: the name {name} is in use, try again\\n")
      say(b, "b\\n")
      equal(b_line(), "* welcome to lobby, b\\n")
      say(a, "/quit\\nnot said any more\\n")
      equal(a_line(), f"* bye, {name}\\n")
      equal(a_line(), "")
      c = connect()
      say(c, name + "\\n")
      equal(lines(c)(), f"* welcome to lobby, {name}\\n")
      say(c, "hi\\n")
      equal(b_line(), f"{name}: hi\\n")
      """)
  }

  @Test("nobody can clear the screens of others, nor turn their text around", .needs("python3"))
  func controls() throws {
    try Example("chat", loops: 1).endAfterPython(
      """
      a, b = connect(), connect()
      a_line, b_line = lines(a), lines(b)
      say(a, "a\\n")
      equal(a_line(), "* welcome to lobby, a\\n")
      say(b, "b\\n")
      equal(b_line(), "* welcome to lobby, b\\n")
      for said, shown in [
          ("\\x1b[2J\\x07", r"\\u{1b}[2J\\u{7}"), ("\\u009b2J", r"\\u{9b}2J"), ("\\u202eabc", r"\\u{202e}abc"),
          ("\\u2028\\0", r"\\u{2028}\\u{0}"), ("a\\tb", "a\\tb"), ("\\U0001f468\\u200d\\U0001f469", "\\U0001f468\\u200d\\U0001f469"),
      ]:
          say(a, said + "\\n")
          equal(b_line(), f"a: {shown}\\n")
      say(a, "/join \\x1b[2J\\n")
      equal(a_line(), "error: /join takes the name of a room, 1 to 32 characters without spaces\\n")
      """)
  }

  @Test("of many clients that want a name at the same time one gets it", .needs("python3"), arguments: [1, 2])
  func race(loops: Int) throws {
    try Example("chat", loops: loops).endAfterPython(
      """
      clients = [connect() for _ in range(16)]
      readers = [lines(c) for c in clients]
      for round in range(20):
          for c in clients: say(c, f"name{round}\\n")
          answers = [read() for read in readers]
          winners = [i for i in range(len(clients)) if answers[i].startswith("* welcome")]
          equal(len(winners), 1)
          equal(sum("in use" in answer for answer in answers), len(clients) - 1)
          reset(clients[winners[0]])
          clients[winners[0]] = connect()
          readers[winners[0]] = lines(clients[winners[0]])
      """)
  }

  @Test("a room's members all see its lines in one order, and no others", .needs("python3"), arguments: [1, 2])
  func order(loops: Int) throws {
    try Example("chat", loops: loops).endAfterPython(
      """
      def join(name, room):
          s = connect()
          read = lines(s)
          say(s, f"{name}\\n/join {room}\\n")
          equal(read(), f"* welcome to lobby, {name}\\n")
          equal(read(), f"* joined {room}\\n")
          return s, read
      rooms = {}
      for room in ["red", "blue"]:
          listeners = [join(f"{room}-listener{i}", room) for i in range(2)]
          speakers = [join(f"{room}-speaker{i}", room) for i in range(4)]
          rooms[room] = listeners, speakers
      def speak(room, number, s):
          for i in range(250): say(s, f"line {i} for {room}\\n")
      def drain(read, heard, count):
          for _ in range(count): heard.append(read())
      threads, all_heard = [], []
      for room, (listeners, speakers) in rooms.items():
          for s, read in speakers: threads.append(threading.Thread(target=drain, args=(read, [], 750)))
          for s, read in listeners:
              heard = []
              all_heard.append((room, heard))
              threads.append(threading.Thread(target=drain, args=(read, heard, 1000)))
          for i, (s, read) in enumerate(speakers): threads.append(threading.Thread(target=speak, args=(room, i, s)))
      for t in threads: t.start()
      for t in threads: t.join()
      for room in rooms:
          first, second = [heard for r, heard in all_heard if r == room]
          equal(first, second)
          for i in range(4):
              said = [line for line in first if line.startswith(f"{room}-speaker{i}: ")]
              equal(said, [f"{room}-speaker{i}: line {n} for {room}\\n" for n in range(250)])
      """)
  }

  @Test("a member that does not read is disconnected while the others go on", .needs("python3"), arguments: [1, 2])
  func slowMember(loops: Int) throws {
    try Example("chat", loops: loops).endAfterPython(
      """
      slow, talker, witness = connect(4096), connect(), connect()
      slow_line, talker_line, witness_line = lines(slow), lines(talker), lines(witness)
      for s, read, name in [(slow, slow_line, "slow"), (talker, talker_line, "talker"), (witness, witness_line, "witness")]:
          say(s, name + "\\n")
          equal(read(), f"* welcome to lobby, {name}\\n")
      count, text = 0, "x" * 4000
      while True:
          for _ in range(50): say(talker, text + "\\n")
          say(talker, "/who\\n")
          for _ in range(50): equal(witness_line(), f"talker: {text}\\n")
          if talker_line() == "* in lobby: talker witness\\n": break
          count += 1
          assert count < 500
      other = connect()
      say(other, "slow\\n")
      equal(lines(other)(), "* welcome to lobby, slow\\n")
      # It gets what the kernel has taken, and then the end, one way or the other.
      try:
          while slow.recv(65536): pass
      except ConnectionResetError: pass
      say(other, "still here\\n")
      equal(witness_line(), "slow: still here\\n")
      """)
  }

  @Test("a member whose connection is reset frees its name", .needs("python3"), arguments: [1, 2])
  func reset(loops: Int) throws {
    try Example("chat", loops: loops).endAfterPython(
      """
      witness = connect()
      read = lines(witness)
      say(witness, "witness\\n")
      read()
      for round in range(20):
          gone = connect()
          say(gone, "gone\\n/join elsewhere\\n/join lobby\\nbye\\n")
          equal(read(), "gone: bye\\n")
          reset(gone)
          while True:
              say(witness, "/who\\n")
              if read() == "* in lobby: witness\\n": break
      """)
  }

  @Test(
    "a line that is too long gets an error and the end, with its end in sight or not",
    .needs("python3"), arguments: [1, 2])
  func longLine(loops: Int) throws {
    try Example("chat", loops: loops).endAfterPython(
      """
      for greeting, end in [("", ""), ("", "\\n"), ("bob\\n", ""), ("bob\\n", "\\n")]:
          s = connect()
          say(s, greeting + "x" * 100_000 + end)
          read = lines(s)
          if greeting: equal(read(), "* welcome to lobby, bob\\n")
          equal(read(), "error: a line may have at most 4096 bytes\\n")
          equal(read(), "")
      """)
  }
}
