internal import TestSupport

/// HAProxy on a unix socket.
public final class HAProxy: Sendable {
  /// The path of the socket.
  public let path = Files.temporaryPath()
  private let program: Program

  /// Starts HAProxy, and waits until it listens.
  ///
  /// - Parameters:
  ///   - mode: `tcp` or `http`.
  ///   - acceptsHeader: whether its clients send a header of the PROXY protocol.
  ///   - lines: further lines of a frontend, of a backend, or of both.
  public init(mode: String, acceptsHeader: Bool = false, _ lines: String...) throws {
    let configuration = """
      defaults
        mode \(mode)
        timeout connect 5s
        timeout client 60s
        timeout server 60s
      listen all
        bind unix@\(path)\(acceptsHeader ? " accept-proxy" : "")
        \(lines.joined(separator: "\n  "))

      """
    let file = Files.temporaryPath()
    Files.write(configuration, to: file)
    defer { Files.remove(file) }
    program = try Program("haproxy", ["-db", "-q", "-f", file])
    try require("HAProxy listens") { [path] in (try? Client(path: path)) != nil }
  }

  deinit { Files.remove(path) }
}
