internal import Gnet

/// Prints the addresses that the server listens on: a line for each given address, with the real port.
func announce(_ addresses: [String], _ server: Server) {
  for (given, bound) in zip(addresses, server.addresses) { print("listening on \(url(given, bound))") }
  Platform.flushOutput()
}

private func url(_ given: String, _ bound: SocketAddress) -> String {
  if let path = bound.path { return "unix://\(path)" }
  return "\(given.hasPrefix("udp") && given.contains("://") ? "udp" : "tcp")://\(bound)"
}
