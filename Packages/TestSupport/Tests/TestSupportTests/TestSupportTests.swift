import TestSupport
import Testing

@Suite("what the tests of the other packages share") struct TestSupportTests {
  @Test("a wait ends as soon as its condition holds, and says what it waited for when that does not")
  func waiting() throws {
    let looks = Counter()
    for number in [3, 3000] {
      try require("look \(number) has come") { looks.add() == number - 1 }
      #expect(looks.value == number)
    }
    #expect(!eventually(within: .milliseconds(5)) { false })
    let error = #expect(throws: TimeoutError.self) { try require("pigs fly", within: .milliseconds(5)) { false } }
    #expect("\(error!)" == "timed out waiting until pigs fly")
  }

  @Test("threads run beside each other, and all have ended when they are joined")
  func threads() throws {
    let (numbers, flag) = (Log<UInt>(), Flag())
    let threads = (0..<4).map { _ in
      TestThread {
        flag.wait()
        numbers.add(TestThread.current)
      }
    }
    flag.set()
    for thread in threads { thread.join() }
    #expect(numbers.count == 4 && !numbers.values.contains(TestThread.current))
  }

  @Test("a gate holds all threads that come to it until it is opened")
  func gate() throws {
    let (gate, passed) = (Gate(), Counter())
    let threads = (0..<3).map { _ in
      TestThread {
        gate.pass()
        passed.add()
      }
    }
    try require("all have come") { gate.arrived == 3 }
    #expect(passed.value == 0)
    gate.open()
    for thread in threads { thread.join() }
    #expect(passed.value == 3)
    gate.pass()
  }

  @Test("work on several threads is done once on each, and its error is the caller's")
  func concurrentWork() throws {
    struct Failure: Error {}
    let indices = Log<Int>()
    try concurrently(8) { indices.add($0) }
    #expect(indices.values.sorted() == Array(0..<8))
    #expect(throws: Failure.self) { try concurrently(3) { if $0 == 1 { throw Failure() } } }
  }

  @Test("threads that change a guarded value do not lose a change")
  func guarding() throws {
    let (sum, log, counter) = (Guarded(0), Log<Int>(), Counter())
    try concurrently(4) { _ in
      for number in 1...500 {
        sum.withLock { $0 += number }
        log.add(number)
        counter.add(number)
      }
    }
    #expect(sum.current == 4 * 125_250 && counter.value == sum.current)
    #expect(log.values.reduce(0, +) == sum.current)
  }

  @Test("a seed repeats its numbers, which are those of the publication")
  func randomNumbers() {
    var random = SeededGenerator(seed: 1_234_567)
    #expect(
      (0..<5).map { _ in random.next() } == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423, 4_593_380_528_125_082_431,
        16_408_922_859_458_223_821,
      ])
    #expect(SeededGenerator.seed(variable: "NO_SUCH_VARIABLE") != SeededGenerator.seed(variable: "NO_SUCH_VARIABLE"))
  }

  @Test("a file has the text that was written to it, until it is removed")
  func files() {
    let path = Files.temporaryPath()
    #expect(!Files.exists(path) && Files.text(path) == nil && Files.permissions(of: path) == nil)
    Files.write("one\n", to: path)
    #expect(Files.text(path) == "one\n")
    Files.write(to: path)
    #expect(Files.text(path) == "")
    let link = Files.temporaryPath()
    Files.makeLink(link, to: path)
    #expect(Files.permissions(of: link) == Files.permissions(of: path))
    for path in [link, path] { Files.remove(path) }
    #expect(!Files.exists(path) && !Files.exists(link))
    Files.makeDirectory(path)
    #expect(Files.permissions(of: path) == 0o700)
    Files.remove(path)
    #expect(!Files.exists(path))
    #expect(Files.workingDirectory.hasPrefix("/"))
    #expect(Files.text("\(Files.packageFolder())/README.md")?.hasPrefix("# TestSupport\n") == true)
  }

  // Quoted: begin
  //   some   words

  // and more
  // Quoted: end
  @Test("lines of a file come without indentation and empty ones, between two others")
  func linesOfAFile() {
    let path = "Tests/TestSupportTests/TestSupportTests.swift"
    #expect(Files.lines(of: path, from: "// Quoted: begin", to: "// Quoted: end") == ["// some words", "// and more"])
    #expect(Files.lines(of: path, from: "// Quoted: " + "never", to: "// Quoted: end") == [])
    #expect(Files.lines(of: "no such file", from: "a", to: "b") == [])
  }

  @Test("a check that holds says nothing")
  func checks() {
    check(true, "\(Issue.record("the message is not made"))")
    withKnownIssue { check(false, "it fails") }
  }
}
