internal import Gnet

/// Prints the addresses that the server listens on: a line for each, with its scheme and the real port.
func announce(_ schemes: [String], _ server: Server) {
  Output.write(zip(schemes, server.addresses).map { "listening on \(url($0, $1))" })
}

private func url(_ scheme: String, _ bound: SocketAddress) -> String {
  if let path = bound.path { return "unix://\(path)" }
  return "\(scheme)://\(bound)"
}

/// Standard output.
public enum Output {
  /// Writes lines, which a reader of the output sees at once.
  public static func write(_ lines: [String]) {
    for line in lines { print(line) }
    Platform.flushOutput()
  }
}
