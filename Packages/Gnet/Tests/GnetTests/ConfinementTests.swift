import TestPeers
import TestSupport
import Testing

@testable import Gnet

/// The compiler's promise that a `Connection` cannot leave its callback.
///
/// The Swift compiler is run on small programs, against the modules that this test was built with.
@Suite(
  "a connection cannot leave its callback",
  .enabled(if: Compiler.isUsable, "needs swiftc, and the modules beside the test"))
struct ConfinementTests {
  struct Snippet: Sendable, CustomTestStringConvertible {
    let what: String
    /// The body of `react`.
    let body: String
    /// The declarations before the server's.
    var declarations = ""
    /// Part of the compiler's complaint; `nil` if there is none.
    var complaint: String?

    var testDescription: String { what }

    var text: String {
      """
      import Gnet
      import RingBuffer
      import Synchronization
      \(declarations)
      func makeEvents() -> Events {
        var events = Events()
        events.react = { connection, input in
          \(body)
          return .none
        }
        return events
      }
      """
    }
  }

  private static let keeper = "final class Keeper: @unchecked Sendable { var kept: Connection? }\nlet keeper = Keeper()"
  private static let elsewhere = "func elsewhere(_ body: @escaping @Sendable () -> Void) {}"

  @Test(
    "what a handler may do compiles",
    arguments: [
      Snippet(
        what: "a handle goes anywhere", body: "let handle = connection.handle\nTask { handle.write(\"later\") }"),
      Snippet(
        what: "helpers borrow the connection or change it",
        body: "func helper(_ c: inout Connection) { c.write(\"x\") }\nhelper(&connection)\nshow(connection)",
        declarations: "func show(_ c: borrowing Connection) { c.write(\"\\(c.remoteAddress) \\(c.isInputEnded)\") }"),
      Snippet(
        what: "a closure that does not escape uses it",
        body: "input.drain { connection.write($0) }\n[1, 2].forEach { connection.write(\"\\($0)\") }"),
    ])
  func allowed(_ snippet: Snippet) throws {
    let output = try Compiler.compile(snippet.text)
    #expect(output == nil)
  }

  @Test(
    "what would let it out does not",
    arguments: [
      Snippet(
        what: "kept in an object", body: "keeper.kept = .some(consume connection)", declarations: keeper,
        complaint: "missing reinitialization"),
      Snippet(
        what: "kept in a variable outside", body: "kept = .some(consume connection)",
        declarations: "nonisolated(unsafe) var kept: Connection?", complaint: "missing reinitialization"),
      Snippet(
        what: "kept in an array", body: "list.append(connection)",
        declarations: "nonisolated(unsafe) var list: [Connection] = []", complaint: "Copyable"),
      Snippet(what: "used by a task", body: "Task { connection.write(\"later\") }", complaint: "escaping"),
      Snippet(what: "used by a detached task", body: "Task.detached { connection.close() }", complaint: "escaping"),
      Snippet(
        what: "used by another thread", body: "elsewhere { connection.wake() }", declarations: elsewhere,
        complaint: "non-Sendable"),
      Snippet(
        what: "copied into a variable that escapes", body: "let other = connection\nTask { other.write(\"x\") }",
        complaint: "missing reinitialization"),
      Snippet(what: "boxed as Any", body: "let box: Any = connection\n_ = box", complaint: "Copyable"),
      Snippet(
        what: "sent as Sendable", body: "send(connection)",
        declarations: "func send(_ value: borrowing some Sendable & ~Copyable) {}", complaint: "Sendable"),
      Snippet(
        what: "put in a Mutex", body: "let mutex = Mutex(connection)\n_ = mutex", complaint: "missing reinitialization"),
      Snippet(
        what: "consumed", body: "take(connection)", declarations: "func take(_ c: consuming Connection) {}",
        complaint: "missing reinitialization"),
      Snippet(what: "made from nothing", body: "_ = Connection()", complaint: "inaccessible"),
    ])
  func forbidden(_ snippet: Snippet) throws { try expectComplaint(snippet) }

  private static let totals = "final class Totals { var count = 0 }\nlet totals = LoopLocal { _ in Totals() }"

  @Test(
    "nor does what would let the state of a loop out",
    arguments: [
      Snippet(
        what: "returned by a loan", body: "let state = totals.withState { $0 }\n_ = state", declarations: totals,
        complaint: "sending"),
      Snippet(
        what: "collected", body: "Task { _ = await totals.collect { $0 } }", declarations: totals,
        complaint: "Sendable"),
      Snippet(
        what: "captured by a timer",
        body: "let state = Totals()\nconnection.loop.schedule(after: .zero) { state.count += 1 }.keep()",
        declarations: totals, complaint: "non-Sendable"),
      Snippet(
        what: "shared by the states of all loops", body: "let state = Totals()\n_ = LoopLocal { _ in state }",
        declarations: totals, complaint: "non-Sendable"),
    ])
  func forbiddenState(_ snippet: Snippet) throws { try expectComplaint(snippet) }

  private func expectComplaint(_ snippet: Snippet) throws {
    let output = try #require(try Compiler.compile(snippet.text))
    #expect(output.contains("error: "))
    #expect(output.contains(snippet.complaint!), "\(output)")
    // It is this that is wrong with it, not that a module is missing.
    #expect(!output.contains("module"), "\(output)")
  }
}

/// The Swift compiler, as a test runs it.
private enum Compiler {
  /// Whether there is one, and what it needs.
  static let isUsable = (try? compile("import Gnet\nlet events = Events()")) == .some(nil)

  private static var arguments: [String] {
    // Diagnostics of ownership come after type checking.
    var arguments = ["-emit-sil", "-o", "/dev/null", "-parse-as-library", "-swift-version", "6"]
    arguments += ["-I", "\(Program.products)/Modules"]
    let maps = [
      "\(Program.products)/CGnet.build/module.modulemap", "\(Program.products)/CPoller.build/module.modulemap",
      "\(Program.products)/../../checkouts/swift-system/Sources/CSystem/include/module.modulemap",
    ]
    for map in maps where Files.exists(map) { arguments += ["-Xcc", "-fmodule-map-file=\(map)"] }
    return arguments
  }

  /// Compiles a program as far as to its diagnostics.
  ///
  /// - Returns: the compiler's words if it refused the program; `nil` if it took it.
  static func compile(_ text: String) throws -> String? {
    let source = Files.temporaryPath() + ".swift"
    defer { Files.remove(source) }
    Files.write(text, to: source)
    let (status, output, errors) = try Program("swiftc", arguments + [source]).result()
    return status == 0 ? nil : output + errors
  }
}
