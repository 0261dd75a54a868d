internal import Gnet

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

/// Says where the server listens, one line for each address given, with the real port, and flushes.
func announce(_ addresses: [String], _ server: Server) {
  for (given, bound) in zip(addresses, server.addresses) { print("listening on \(url(given, bound))") }
  fflush(nil)
}

private func url(_ given: String, _ bound: SocketAddress) -> String {
  if let path = bound.path { return "unix://\(path)" }
  return "\(given.hasPrefix("udp") && given.contains("://") ? "udp" : "tcp")://\(bound)"
}
