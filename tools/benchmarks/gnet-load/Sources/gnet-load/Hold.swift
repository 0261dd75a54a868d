import ArgumentParser
import Foundation
import LoadGenerator

/// `gnet-load hold`.
struct Hold: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Opens connections and keeps them, in steps.",
    discussion: """
      Says `opened` when all are open, and waits for a line on standard input; lets every connection echo --size bytes, \
      says `echoed` and waits; closes all, says `closed` and waits. The end of standard input ends it at once.
      """)

  @Argument(help: "The server.") var address: String
  @Option(name: .shortAndLong, help: "Connections to open.") var connections = 10_000
  @Option(name: .shortAndLong, help: "Bytes that each connection echoes.") var size = 8192

  func run() throws {
    let holder = try Holder(Target(address), count: connections)
    guard hasBeenTold("opened") else { return }
    try holder.echo(size)
    guard hasBeenTold("echoed") else { return }
    holder.close()
    _ = hasBeenTold("closed")
  }

  /// Reports the last step, and waits for a line; `false` at the end of the input.
  private func hasBeenTold(_ step: String) -> Bool {
    print(step)
    fflush(nil)
    return readLine() != nil
  }
}
