internal import Gnet

/// Prints the addresses that the server listens on: a line for each given address, with the real port.
func announce(_ addresses: [String], _ server: Server) {
  Output.write(zip(addresses, server.addresses).map { "listening on \(url($0, $1))" })
}

private func url(_ given: String, _ bound: SocketAddress) -> String {
  if let path = bound.path { return "unix://\(path)" }
  return "\(given.hasPrefix("udp") && given.contains("://") ? "udp" : "tcp")://\(bound)"
}

/// Standard output.
public enum Output {
  /// Writes lines, which a reader of the output sees at once.
  public static func write(_ lines: [String]) {
    for line in lines { print(line) }
    Platform.flushOutput()
  }
}
