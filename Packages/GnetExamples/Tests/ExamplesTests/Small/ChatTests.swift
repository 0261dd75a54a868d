import Foundation
import TestPeers
import Testing

@Suite("chat")
struct ChatTests {
  @Test("two people talk with nc, one of them with the line ends of telnet", .needs("nc"), arguments: [1, 2])
  func conversation(loops: Int) throws {
    let chat = try Example("chat", loops: loops)
    let (alice, bob) = (try chat.connect(), try chat.connect("-C"))
    #expect(try alice.answer(to: "alice\n") == "* welcome to lobby, alice")
    #expect(try bob.answer(to: "bob\n") == "* welcome to lobby, bob")
    #expect(try bob.answer(to: "hello, who is there?\n/who\n") == "* in lobby: alice bob")
    #expect(alice.line() == "bob: hello, who is there?")
    // A command begins with its slash.
    try alice.send("just me\n /who\n\n/whoever\n")
    for text in ["just me", " /who", "", "/whoever"] { #expect(bob.line() == "alice: \(text)") }
    try bob.send("/quit\n")
    bob.endInput()
    #expect(bob.line() == "* bye, bob")
    #expect(bob.line() == nil)
    #expect(bob.exitCode() == 0)
    #expect(try alice.answer(to: "/who\n") == "* in lobby: alice")
    chat.end(alice, by: SIGINT)
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
}
