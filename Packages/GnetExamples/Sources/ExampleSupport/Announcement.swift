internal import Gnet

/// Says where the server listens, one line for each address given, with the real port, and flushes.
func announce(_ addresses: [String], _ server: Server) {
  for (given, bound) in zip(addresses, server.addresses) { print("listening on \(url(given, bound))") }
  Platform.flushOutput()
}

private func url(_ given: String, _ bound: SocketAddress) -> String {
  if let path = bound.path { return "unix://\(path)" }
  return "\(given.hasPrefix("udp") && given.contains("://") ? "udp" : "tcp")://\(bound)"
}
