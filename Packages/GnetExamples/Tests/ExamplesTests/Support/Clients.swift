import Foundation
import Testing

/// A program that runs until it is told to end.
final class Program {
  private let process = Process()
  private let output = Pipe()
  private let errors = Pipe()
  private let input = Pipe()
  private var buffered = Data()

  /// Starts an example, or another program that is installed. Its standard input is `data` and then ends, unless it
  /// `isInteractive`: then there is more to come by `send(_:)`.
  init(_ name: String, _ arguments: [String], input data: Data? = nil, isInteractive: Bool = false) throws {
    ignoresBrokenPipes
    guard let path = Self.path(of: name) else { throw Failure("\(name) is not there") }
    process.executableURL = path
    process.arguments = arguments
    process.standardOutput = output
    process.standardError = errors
    process.standardInput = input
    try unblockingSignals { try process.run() }
    if isInteractive { return }
    let writing = input.fileHandleForWriting
    Thread.detachNewThread {
      if let data { try? writing.write(contentsOf: data) }
      try? writing.close()
    }
  }

  deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

  /// A child inherits the signals that the thread that starts it blocks: on a thread of a pool, nearly all.
  private func unblockingSignals(_ body: () throws -> Void) rethrows {
    var none = sigset_t()
    var blocked = sigset_t()
    unsafe sigemptyset(&none)
    unsafe pthread_sigmask(SIG_SETMASK, &none, &blocked)
    defer { unsafe pthread_sigmask(SIG_SETMASK, &blocked, nil) }
    try body()
  }

  /// Where a program is: an example beside the tests, or anything in the search path.
  static func path(of name: String) -> URL? {
    if name.hasPrefix("/") { return FileManager.default.isExecutableFile(atPath: name) ? URL(filePath: name) : nil }
    let built = Bundle.main.executableURL?.deletingLastPathComponent().appending(path: name)
    let bundled = Bundle(for: Program.self).bundleURL.deletingLastPathComponent().appending(path: name)
    let search = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
      .map { URL(filePath: String($0)).appending(path: name) }
    return ([bundled] + [built].compactMap(\.self) + search)
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }

  /// Gives an interactive program a little more input.
  func send(_ text: String) throws { try input.fileHandleForWriting.write(contentsOf: Data(text.utf8)) }

  /// Ends an interactive program's input: nc then ends with the server's stream.
  func endInput() { try? input.fileHandleForWriting.close() }

  /// The next line of standard output; `nil` at its end.
  func line() -> String? {
    while true {
      if let end = buffered.firstIndex(of: UInt8(ascii: "\n")) {
        defer { buffered.removeSubrange(...end) }
        return String(decoding: buffered[..<end], as: UTF8.self)
      }
      let more = output.fileHandleForReading.availableData
      if more.isEmpty { return nil }
      buffered.append(more)
    }
  }

  /// The rest of standard output, to its end.
  func outputToEnd() -> Data { buffered + output.fileHandleForReading.readDataToEndOfFile() }

  /// All of standard error, to its end.
  func errorsToEnd() -> String {
    String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  }

  var processIdentifier: Int32 { process.processIdentifier }

  func signal(_ number: Int32) { kill(process.processIdentifier, number) }

  var isRunning: Bool { process.isRunning }

  /// Waits for the end. Returns the exit code, or the number of the signal that ended the program.
  func exitCode() -> Int32 {
    process.waitUntilExit()
    return process.terminationStatus
  }

  struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
  }
}

/// A program may end before it has read what it is given: an error here, not the end of the tests.
private let ignoresBrokenPipes: Void = { _ = signal(SIGPIPE, SIG_IGN) }()

/// Runs a client to its end and returns what it printed.
func output(of name: String, _ arguments: [String], input: Data) throws -> Data {
  let client = try Program(name, arguments, input: input)
  let output = client.outputToEnd()
  #expect(client.exitCode() == 0, "\(client.errorsToEnd())")
  return output
}

/// The port at the end of a line such as `listening on tcp://[::]:9000`.
func port(in line: String?) throws -> String {
  String(try #require(line?.split(separator: ":").last))
}
