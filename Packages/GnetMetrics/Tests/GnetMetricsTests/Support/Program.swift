import Foundation
import Synchronization
import Testing

/// A program that runs beside the test.
final class Program: Sendable {
  private let process = Process()
  private let output = Output()
  private let errors = Output()

  /// The folder of what was built, gnet-metrics among it.
  static let products = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()

  /// Starts gnet-metrics.
  convenience init(_ arguments: String...) throws {
    try self.init(Self.products.appendingPathComponent("gnet-metrics").path, arguments)
  }

  /// Starts a script of bash in this package's folder, which finds gnet-metrics.
  convenience init(script: String) throws {
    try self.init("/bin/bash", ["-o", "pipefail", "-ec", script])
  }

  private init(_ path: String, _ arguments: [String]) throws {
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: Package.folder)
    process.environment = Self.environment
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output.pipe
    process.standardError = errors.pipe
    try process.run()
    try output.collect()
    try errors.collect()
  }

  private static var environment: [String: String] {
    var environment = ProcessInfo.processInfo.environment
    environment["PATH"] = "\(products.path):\(environment["PATH"] ?? "/usr/bin:/bin")"
    return environment
  }

  var outputSoFar: String { output.text }
  var errorsSoFar: String { errors.text }

  /// Sends SIGINT, as Ctrl-C does.
  func interrupt() { kill(process.processIdentifier, SIGINT) }

  /// What the program has come to, once it has ended by itself.
  func result() throws -> (status: Int32, output: String, errors: String) {
    try require("the program ends", within: .seconds(60)) { !self.process.isRunning }
    try require("its output ends") { self.output.isAtEnd && self.errors.isAtEnd }
    let status = process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    return (status, outputSoFar, errorsSoFar)
  }

  /// Whether a program is installed.
  static func has(_ name: String) -> Bool { hasSuccess("command -v \(name)") }

  /// Whether a script succeeds.
  static func hasSuccess(_ script: String) -> Bool {
    (try? Program(script: "\(script) >/dev/null 2>&1").result().status) == 0
  }

  /// One of the program's streams.
  private final class Output: Sendable {
    let pipe = Pipe()
    private let bytes = Mutex<[UInt8]>([])
    private let end = Flag()

    func collect() throws {
      let handle = pipe.fileHandleForReading
      try Background.run { [self] in
        while true {
          let data = handle.availableData
          if data.isEmpty { break }
          bytes.withLock { $0 += data }
        }
        end.set()
      }
    }

    var text: String { String(decoding: bytes.withLock { $0 }, as: UTF8.self) }
    var isAtEnd: Bool { end.isSet }
  }
}
