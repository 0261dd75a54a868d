internal import CTestSupport
internal import SystemPackage
internal import TestSupport

/// A program that runs beside the test, and is ended with it.
///
/// Not Foundation's `Process`, which leaves memory behind that a leak detector finds.
public final class Program: Sendable {
  /// The standard input of a program.
  public enum Input: Sendable {
    /// Nothing.
    case empty
    /// Some bytes, and then the end.
    case bytes([UInt8])
    /// The texts that `send(_:)` is given, until `endInput()`.
    case interactive
  }

  /// The number of the process.
  public let processIdentifier: Int32
  private let input: ProgramInput?
  private let output: ProgramOutput
  private let errors: ProgramOutput?
  private let status = Guarded<Int32?>(nil)
  private let readCount = Guarded(0)

  /// Starts a program that stands beside the tests, or that is installed.
  ///
  /// - Parameters:
  ///   - folder: The folder that the program starts in; `nil` for that of the tests.
  ///   - environment: Variables besides those of the tests. Programs beside the tests are found by `PATH`.
  ///   - terminal: The terminal that is the program's input, output and errors, instead of pipes.
  public init(
    _ name: String, _ arguments: [String] = [], input: Input = .empty, in folder: String? = nil,
    environment: [String: String] = [:], on terminal: PseudoTerminal? = nil
  ) throws {
    guard let path = Self.path(of: name) else { throw ProgramError(description: "\(name) is not there") }
    let pipes = try ProgramPipes(input, terminal)
    var environment = Self.environment.merging(environment) { $1 }
    environment["PATH"] = "\(Self.products):\(environment["PATH"] ?? "/usr/bin:/bin")"
    processIdentifier = try pipes.spawn([path] + arguments, in: folder, environment, on: terminal?.name)
    self.input = pipes.input.map { ProgramInput($0.writing, input) }
    output = ProgramOutput(try terminal?.duplicate() ?? pipes.output!.reading)
    errors = pipes.errors.map { ProgramOutput($0.reading) }
  }

  deinit {
    if !hasEnded { ctest_kill_and_wait(processIdentifier) }
  }

  // MARK: Where programs are

  /// The folder of what was built, the tests and the programs beside them.
  public static let products: String = {
    let image = unsafe String(cString: ctest_image_path())
    // A bundle on some systems, a file on others.
    return image.split(separator: "/", omittingEmptySubsequences: false).prefix { !$0.hasSuffix(".xctest") }
      .joined(separator: "/")
  }()

  /// The path of a program beside the tests, in the search path, or in the folder of servers, which the search path of
  /// some users lacks; `nil` when it is in none.
  public static func path(of name: String) -> String? {
    if name.contains("/") { return Files.isExecutable(name) ? name : nil }
    let search = (environment["PATH"] ?? "").split(separator: ":").map(String.init)
    return ([products] + search + ["/usr/sbin"]).map { "\($0)/\(name)" }.first { Files.isExecutable($0) }
  }

  /// Whether a program is installed.
  public static func has(_ name: String) -> Bool { path(of: name) != nil }

  private static let environment: [String: String] = {
    var variables: [String: String] = [:]
    var next = unsafe ctest_environment()
    while let entry = unsafe next?.pointee {
      let parts = unsafe String(cString: entry).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
      unsafe next = next! + 1
    }
    return variables
  }()

  // MARK: Input and output

  /// Gives an interactive program more input.
  public func send(_ text: String) throws { try input?.send(Array(text.utf8)) }

  /// Ends an interactive program's input.
  public func endInput() { input?.end() }

  /// The standard output so far.
  public var outputSoFar: String { output.text }

  /// The standard error so far.
  public var errorsSoFar: String { errors?.text ?? "" }

  /// The next line of standard output, which may take a minute; `nil` at its end.
  public func line() -> String? {
    let start = readCount.current
    var end: Int?
    _ = eventually(within: .seconds(60)) {
      let isAtEnd = output.isAtEnd
      end = output.bytes[start...].firstIndex(of: UInt8(ascii: "\n"))
      return end != nil || isAtEnd
    }
    guard let end else { return nil }
    readCount.withLock { $0 = end + 1 }
    return String(decoding: output.bytes[start..<end], as: UTF8.self)
  }

  /// The rest of standard output behind the lines that were taken, to its end, which may take two minutes.
  public func outputToEnd() -> [UInt8] {
    _ = eventually(within: .seconds(120)) { output.isAtEnd }
    return Array(output.bytes[readCount.current...])
  }

  /// All of standard error, to its end, which may take two minutes.
  public func errorsToEnd() -> String {
    _ = eventually(within: .seconds(120)) { errors?.isAtEnd != false }
    return errorsSoFar
  }

  // MARK: The end

  /// Sends a signal.
  public func signal(_ number: Int32) { ctest_signal(processIdentifier, number) }

  /// The exit code of the program, or the number of the signal that ended it below zero; `nil` if it still runs after
  /// two minutes.
  public func exitCode() -> Int32? {
    _ = eventually(within: .seconds(120)) { hasEnded }
    return status.current
  }

  /// The outcome of the program, once it has ended by itself.
  public func result() throws -> (status: Int32, output: String, errors: String) {
    guard let status = exitCode() else { throw TimeoutError(awaited: "the program ends") }
    try require("its output ends") { output.isAtEnd && errors?.isAtEnd != false }
    return (status, outputSoFar, errorsSoFar)
  }

  /// Whether the program has ended.
  public var hasEnded: Bool {
    status.withLock { status in
      var code: Int32 = 0
      if status == nil, unsafe ctest_has_ended(processIdentifier, &code) != 0 { status = code }
      return status != nil
    }
  }
}

/// The error of a program that cannot be started.
public struct ProgramError: Error, CustomStringConvertible {
  /// The error in words.
  public let description: String

  /// Creates an error.
  public init(description: String) { self.description = description }
}
