import Foundation
import Gnet
import Synchronization

/// The items, which the connections of all loops share behind a lock.
final class Cache: Sendable {
  static let version = "1.6.0"

  private let items: Mutex<Items>
  /// The removal of all items that is due.
  private let removal = Mutex<LoopTimer?>(nil)

  /// - Parameters:
  ///   - limit: the most bytes that the items may take.
  ///   - now: tells the present moment, in seconds since 1970.
  init(limit: Int, now: @escaping @Sendable () -> Double = { Date.now.timeIntervalSince1970 }) {
    items = Mutex(Items(limit: limit, now: now))
  }

  func withItems<Result: Sendable>(_ body: (inout Items) -> Result) -> Result { items.withLock { body(&$0) } }

  /// Removes all items, at once or after a time. The removal that was due is given up.
  func removeAll(after delay: Duration, on loop: EventLoop) {
    removal.withLock { removal in
      removal = nil
      if delay > .zero {
        removal = loop.schedule(after: delay) { [self] in withItems { $0.removeAll() } }
      } else {
        withItems { $0.removeAll() }
      }
    }
  }

  /// The names and values that `stats` tells.
  var statistics: [(String, Int)] {
    [("pid", Int(ProcessInfo.processInfo.processIdentifier))]
      + withItems { items in
        [
          ("time", Int(items.now())),
          ("cmd_get", items.getCount), ("cmd_set", items.setCount), ("get_hits", items.hitCount),
          ("get_misses", items.getCount - items.hitCount), ("curr_items", items.count), ("bytes", items.size),
          ("limit_maxbytes", items.limit), ("evictions", items.evictionCount),
        ]
      }
  }
}
