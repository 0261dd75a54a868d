import TestSupport
import Testing

@testable import Gnet

extension TestServer {
  /// The sum of a count over all loops.
  func sum(_ count: KeyPath<LoopStatistics, UInt64>) -> UInt64 {
    server.loops.reduce(0) { $0 + $1.statistics[keyPath: count] }
  }

  /// Waits until the server has read nothing for a while.
  func waitUntilReadingStops() throws {
    var last = sum(\.bytesRead)
    var since = ContinuousClock.now
    try require("the server stops reading") {
      let count = self.sum(\.bytesRead)
      if count != last || count == 0 { (last, since) = (count, .now) }
      return ContinuousClock.now - since > .milliseconds(150)
    }
  }
}
