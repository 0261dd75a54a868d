import Testing

@testable import Gnet

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// That a `Connection` cannot leave its callback is the compiler's promise: it is asked here.
///
/// The Swift compiler is run on small programs, against the modules that this test was built with.
@Suite(
  "a connection cannot leave its callback",
  .enabled(if: Compiler.isUsable, "needs swiftc, and the modules beside the test"))
struct ConfinementTests {
  struct Program: Sendable, CustomTestStringConvertible {
    let what: String
    /// The body of `react`.
    let body: String
    /// What stands before.
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
      Program(
        what: "a handle goes anywhere", body: "let handle = connection.handle\nTask { handle.write(\"later\") }"),
      Program(
        what: "helpers borrow the connection or change it",
        body: "func helper(_ c: inout Connection) { c.write(\"x\") }\nhelper(&connection)\nshow(connection)",
        declarations: "func show(_ c: borrowing Connection) { c.write(\"\\(c.remoteAddress) \\(c.isInputEnded)\") }"),
      Program(
        what: "a closure that does not escape uses it",
        body: "input.drain { connection.write($0) }\n[1, 2].forEach { connection.write(\"\\($0)\") }"),
    ])
  func allowed(_ program: Program) throws {
    let output = try Compiler.compile(program.text)
    #expect(output == nil)
  }

  @Test(
    "what would let it out does not",
    arguments: [
      Program(
        what: "kept in an object", body: "keeper.kept = .some(consume connection)", declarations: keeper,
        complaint: "missing reinitialization"),
      Program(
        what: "kept in a variable outside", body: "kept = .some(consume connection)",
        declarations: "nonisolated(unsafe) var kept: Connection?", complaint: "missing reinitialization"),
      Program(
        what: "kept in an array", body: "list.append(connection)",
        declarations: "nonisolated(unsafe) var list: [Connection] = []", complaint: "Copyable"),
      Program(what: "used by a task", body: "Task { connection.write(\"later\") }", complaint: "escaping"),
      Program(what: "used by a detached task", body: "Task.detached { connection.close() }", complaint: "escaping"),
      Program(
        what: "used by another thread", body: "elsewhere { connection.wake() }", declarations: elsewhere,
        complaint: "non-Sendable"),
      Program(
        what: "copied into a variable that escapes", body: "let other = connection\nTask { other.write(\"x\") }",
        complaint: "missing reinitialization"),
      Program(what: "boxed as Any", body: "let box: Any = connection\n_ = box", complaint: "Copyable"),
      Program(
        what: "sent as Sendable", body: "send(connection)",
        declarations: "func send(_ value: borrowing some Sendable & ~Copyable) {}", complaint: "Sendable"),
      Program(
        what: "put in a Mutex", body: "let mutex = Mutex(connection)\n_ = mutex", complaint: "missing reinitialization"),
      Program(
        what: "consumed", body: "take(connection)", declarations: "func take(_ c: consuming Connection) {}",
        complaint: "missing reinitialization"),
      Program(what: "made from nothing", body: "_ = Connection()", complaint: "inaccessible"),
    ])
  func forbidden(_ program: Program) throws {
    let output = try #require(try Compiler.compile(program.text))
    #expect(output.contains("error: "))
    #expect(output.contains(program.complaint!), "\(output)")
    // It is this that is wrong with it, not that a module is missing.
    #expect(!output.contains("module"), "\(output)")
  }
}

/// The Swift compiler, as a test runs it.
private enum Compiler {
  /// Whether there is one, and what it needs.
  static let isUsable = (try? compile("import Gnet\nlet events = Events()")) == .some(nil)

  private static let buildDirectory: String = {
    let executable = unsafe String(unsafeUninitializedCapacity: 4096) { room in
      unsafe room.withMemoryRebound(to: CChar.self) {
        unsafe max(0, readlink("/proc/self/exe", $0.baseAddress!, $0.count))
      }
    }
    return executable.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
  }()

  private static var arguments: [String] {
    // Diagnostics of ownership come after type checking.
    var arguments = ["swiftc", "-emit-sil", "-o", "/dev/null", "-parse-as-library", "-swift-version", "6"]
    arguments += ["-I", "\(buildDirectory)/Modules"]
    let maps = [
      "\(buildDirectory)/CGnet.build/module.modulemap", "\(buildDirectory)/CPoller.build/module.modulemap",
      "\(buildDirectory)/../../checkouts/swift-system/Sources/CSystem/include/module.modulemap",
    ]
    for map in maps where Files.exists(map) { arguments += ["-Xcc", "-fmodule-map-file=\(map)"] }
    return arguments
  }

  /// Compiles a program as far as to its diagnostics.
  ///
  /// - Returns: what the compiler said if it refused the program; `nil` if it took it.
  static func compile(_ text: String) throws -> String? {
    let source = temporaryPath() + ".swift"
    let output = source + ".output"
    defer {
      Files.remove(source)
      Files.remove(output)
    }
    Files.write(text, to: source)
    let status = try run(arguments + [source], output: output)
    return status == 0 ? nil : Files.read(output)
  }

  /// Runs a program and waits for its end.
  ///
  /// - Returns: its exit status.
  private static func run(_ arguments: [String], output: String) throws -> Int32 {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, 1, output, O_CREAT | O_WRONLY | O_TRUNC, 0o600)
    unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)
    var pointers = unsafe arguments.map { unsafe strdup($0) } + [nil]
    defer { unsafe pointers.forEach { unsafe free($0) } }
    var process = pid_t()
    let result = unsafe posix_spawnp(&process, "swiftc", &actions, nil, &pointers, environ)
    if result != 0 { return 127 }
    var status: Int32 = 0
    while unsafe waitpid(process, &status, 0) == -1 && errno == EINTR {}
    return status
  }
}
