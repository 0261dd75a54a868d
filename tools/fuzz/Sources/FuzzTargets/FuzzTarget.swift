/// A promise of the packages that must hold for any input.
public struct FuzzTarget: Sendable {
  /// The name for `ci/fuzz`, and of the folder of the corpus.
  public let name: String

  /// The code under test, in a few words.
  public let summary: String

  /// The length of the longest input that is worth a try, in bytes.
  public let maximumLength: Int

  /// Tests with an input. Traps if the promise is broken.
  public let run: @Sendable ([UInt8]) -> Void

  init(_ name: String, _ summary: String, maximumLength: Int, _ run: @escaping @Sendable ([UInt8]) -> Void) {
    self.name = name
    self.summary = summary
    self.maximumLength = maximumLength
    self.run = run
  }

  /// All targets.
  public static let all: [FuzzTarget] = [
    ringBuffer, codecs, addresses, proxyHeader, httpRequests, httpResponses, webSocket, tls, snapshots, readings,
    redisRequests, redisCommands,
  ]

  /// The target of a name.
  public static func named(_ name: String) -> FuzzTarget? { all.first { $0.name == name } }
}

/// Ends the program if a promise is broken. The fuzzer keeps the input.
func expect(
  _ isKept: Bool, _ promise: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) {
  if !isKept { fatalError(promise(), file: file, line: line) }
}

/// Ends the program if two values differ.
func expectEqual<Value: Equatable>(
  _ value: Value, _ expected: Value, _ promise: @autoclosure () -> String, file: StaticString = #fileID,
  line: UInt = #line
) {
  if value != expected { fatalError("\(promise()): \(value), not \(expected)", file: file, line: line) }
}
