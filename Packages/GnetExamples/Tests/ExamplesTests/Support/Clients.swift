import TestPeers
import Testing

extension Program {
  /// Sends text, and returns the next line that comes back.
  func answer(to text: String) throws -> String? {
    try send(text)
    return line()
  }
}

/// Runs a client to its end and returns its output. It must succeed.
func output(of name: String, _ arguments: [String], input: [UInt8] = []) throws -> [UInt8] {
  let client = try Program(name, arguments, input: .bytes(input))
  let output = client.outputToEnd()
  #expect(client.exitCode() == 0, "\(client.errorsToEnd())")
  return output
}

/// The port at the end of a line such as `listening on tcp://[::]:9000`.
func port(in line: String?) throws -> String {
  String(try #require(line?.split(separator: ":").last))
}
