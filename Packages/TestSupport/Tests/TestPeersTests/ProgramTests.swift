import TestPeers
import TestSupport
import Testing

@Suite("a program beside the test") struct ProgramTests {
  @Test("its outcome is its exit code, its output and its errors")
  func outcome() throws {
    let program = try Program("sh", ["-c", "echo out; echo err >&2; pwd; exit 3"], in: "/")
    let (status, output, errors) = try program.result()
    #expect(status == 3 && output == "out\n/\n" && errors == "err\n")
    #expect(throws: ProgramError.self) { _ = try Program("no-such-program") }
  }

  @Test("it gets the input and the environment that it is given")
  func input() throws {
    let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
    #expect(try Program("cat", input: .bytes(bytes)).outputToEnd() == bytes)
    #expect(try Program("cat").result().output == "", "without input there is an end at once")
    let script = "echo $COLOUR"
    #expect(try Program("sh", ["-c", script], environment: ["COLOUR": "blue"]).result().output == "blue\n")
    #expect(try Program("sh", ["-c", "echo $PATH"]).outputToEnd().starts(with: Array(Program.products.utf8)))
    #expect(try Program("true", input: .bytes(bytes)).exitCode() == 0, "it does not read")
  }

  @Test("a test runs where all programs that it needs are installed")
  func needs() async throws {
    let (installed, missing): (ConditionTrait, ConditionTrait) = (.needs("sh", "cat"), .needs("sh", "no-such-program"))
    #expect(try await installed.evaluate())
    #expect(try await !missing.evaluate())
  }

  @Test("a conversation goes line by line")
  func conversation() throws {
    let program = try Program("cat", input: .interactive)
    for number in 1...3 {
      try program.send("line \(number)\n")
      #expect(program.line() == "line \(number)")
    }
    try program.send("two\nmore\nrest")
    #expect(program.line() == "two")
    program.endInput()
    #expect(throws: (any Error).self) { try program.send("too late") }
    #expect(program.line() == "more")
    #expect(program.line() == nil)
    #expect(program.outputToEnd() == Array("rest".utf8))
    #expect(program.exitCode() == 0)
  }

  @Test("a signal ends it, and so does dropping it")
  func ends() throws {
    let program = try Program("sleep", ["1000"])
    program.signal(15)
    #expect(try program.result().status == -15)
    let process: Int32
    do {
      let dropped = try Program("sleep", ["1000"])
      process = dropped.processIdentifier
      #expect(Files.exists("/proc/\(process)"))
    }
    try require("it has gone") { !Files.exists("/proc/\(process)") }
  }

  @Test("on a terminal it sees the size, and Ctrl-C")
  func terminal() throws {
    let terminal = try PseudoTerminal(columns: 61, rows: 17)
    let program = try Program(
      "sh", ["-c", "trap 'echo caught; exit 4' INT; stty size; sleep 1000 & wait"], on: terminal)
    #expect(program.line() == "17 61\r")
    terminal.interrupt()
    #expect(program.exitCode() == 4)
    try require("it says so") { program.outputSoFar.contains("caught") }
  }
}
