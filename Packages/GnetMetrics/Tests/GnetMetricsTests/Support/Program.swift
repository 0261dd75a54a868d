import CTestSupport
import Foundation
import Synchronization
import SystemPackage

/// A program that runs beside the test, in this package's folder.
///
/// Not Foundation's `Process`, which leaves memory behind that a leak detector finds.
final class Program: Sendable {
  private let id: pid_t
  private let output: Stream
  private let errors: Stream?
  private let status = Mutex<Int32?>(nil)

  /// The folder of what was built, gnet-metrics among it.
  static let products = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()

  /// Starts gnet-metrics.
  convenience init(_ arguments: String...) throws { try self.init([Self.tool] + arguments) }

  /// Starts a script of bash, which finds gnet-metrics.
  convenience init(script: String) throws {
    try self.init(["/bin/bash", "-o", "pipefail", "-ec", script])
  }

  /// Starts gnet-metrics on a terminal, where its output and its errors go.
  convenience init(on terminal: PseudoTerminal, _ arguments: String..., environment: [String: String] = [:]) throws {
    try self.init(
      [Self.tool] + arguments, on: terminal, environment: ["TERM": "xterm", "NO_COLOR": ""].merging(environment) { $1 })
  }

  private static var tool: String { products.appendingPathComponent("gnet-metrics").path }

  private init(
    _ words: [String], on terminal: PseudoTerminal? = nil, environment: [String: String] = [:]
  ) throws {
    let (outputEnds, errorEnds) = (try terminal == nil ? Pipe() : nil, try terminal == nil ? Pipe() : nil)
    var variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    variables["PATH"] = "\(Self.products.path):\(variables["PATH"] ?? "/usr/bin:/bin")"
    let arguments = unsafe words.map { unsafe strdup($0) } + [nil]
    let entries = unsafe variables.map { unsafe strdup("\($0)=\($1)") } + [nil]
    defer { unsafe (arguments + entries).forEach { unsafe free($0) } }
    var id: pid_t = 0
    let result = unsafe ctest_spawn(
      &id, Package.folder, terminal?.name, outputEnds?.writing ?? -1, errorEnds?.writing ?? -1, arguments, entries)
    for ends in [outputEnds, errorEnds] { if let ends { close(ends.writing) } }
    if result != 0 { throw Errno(rawValue: result) }
    self.id = id
    output = try Stream(terminal?.duplicate() ?? outputEnds!.reading)
    errors = try errorEnds.map { try Stream($0.reading) }
  }

  deinit {
    if hasEnded { return }
    kill(id, SIGKILL)
    _ = waitpid(id, nil, 0)
  }

  var outputSoFar: String { output.text }
  var errorsSoFar: String { errors?.text ?? "" }

  /// Sends SIGINT, as Ctrl-C does.
  func interrupt() { kill(id, SIGINT) }

  private var hasEnded: Bool {
    status.withLock { status in
      var word: Int32 = 0
      if status == nil, unsafe waitpid(id, &word, WNOHANG) == id { status = word }
      return status != nil
    }
  }

  /// The outcome of the program, once it has ended by itself: its exit code, or the number of a signal below zero.
  func result() throws -> (status: Int32, output: String, errors: String) {
    try require("the program ends", within: .seconds(60)) { self.hasEnded }
    try require("its output ends") { self.output.isAtEnd && self.errors?.isAtEnd != false }
    let word = status.withLock { $0! }
    return (word & 0x7F == 0 ? word >> 8 & 0xFF : -(word & 0x7F), outputSoFar, errorsSoFar)
  }

  /// Whether a program is installed.
  static func has(_ name: String) -> Bool { hasSuccess("command -v \(name)") }

  /// Whether a script succeeds.
  static func hasSuccess(_ script: String) -> Bool {
    (try? Program(script: "\(script) >/dev/null 2>&1").result().status) == 0
  }

  /// The ends of a pipe, neither of which goes to other children.
  private struct Pipe {
    let (reading, writing): (Int32, Int32)

    init() throws {
      var ends: [Int32] = [-1, -1]
      guard unsafe ctest_pipe(&ends) == 0 else { throw Errno(rawValue: errno) }
      (reading, writing) = (ends[0], ends[1])
    }
  }

  /// The output of the program, collected on a thread of its own to its end.
  private final class Stream: Sendable {
    private let bytes = Mutex<[UInt8]>([])
    private let end = Flag()

    /// Reads from `fd`, and closes it at the end.
    init(_ fd: Int32) throws {
      try Background.run { [self] in
        var room = [UInt8](repeating: 0, count: 65536)
        while true {
          // A terminal fails instead of ending when nobody has it open any more.
          let count = unsafe read(fd, &room, room.count)
          if count < 0 && errno == EINTR { continue }
          if count <= 0 { break }
          bytes.withLock { $0 += room[..<count] }
        }
        close(fd)
        end.set()
      }
    }

    var text: String { String(decoding: bytes.withLock { $0 }, as: UTF8.self) }
    var isAtEnd: Bool { end.isSet }
  }
}
