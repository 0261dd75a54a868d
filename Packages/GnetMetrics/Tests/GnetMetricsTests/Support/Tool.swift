import TestPeers
import TestSupport

/// The program of this package.
enum Tool {
  /// Starts gnet-metrics in this package's folder.
  static func start(_ arguments: String...) throws -> Program {
    try Program("gnet-metrics", arguments, in: Files.packageFolder())
  }

  /// Starts gnet-metrics on a terminal, where its output and its errors go.
  static func start(
    on terminal: PseudoTerminal, _ arguments: [String], environment: [String: String] = [:]
  ) throws -> Program {
    let variables = ["TERM": "xterm", "NO_COLOR": ""].merging(environment) { $1 }
    return try Program("gnet-metrics", arguments, in: Files.packageFolder(), environment: variables, on: terminal)
  }

  /// Starts a script of bash in this package's folder. It finds gnet-metrics.
  static func script(_ text: String) throws -> Program {
    try Program("/bin/bash", ["-o", "pipefail", "-ec", text], in: Files.packageFolder())
  }

  /// Whether a script succeeds.
  static func hasSuccess(_ script: String) -> Bool { (try? self.script(script).result().status) == 0 }
}
