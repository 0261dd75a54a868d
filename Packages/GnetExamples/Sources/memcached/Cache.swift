import Foundation
import Gnet
import Synchronization

/// The items, which the connections of all loops share behind a lock.
final class Cache: Sendable {
  static let version = "1.6.0"

  private let items: Mutex<Items>
  /// The removal of all items that is due.
  private let removal = Mutex<LoopTimer?>(nil)

  init(limit: Int) { items = Mutex(Items(limit: limit)) }

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
    let time = Int(Items.now)
    return [("pid", Int(ProcessInfo.processInfo.processIdentifier)), ("time", time)]
      + withItems { items in
        [
          ("cmd_get", items.getCount), ("cmd_set", items.setCount), ("get_hits", items.hitCount),
          ("get_misses", items.getCount - items.hitCount), ("curr_items", items.count), ("bytes", items.size),
          ("limit_maxbytes", items.limit), ("evictions", items.evictionCount),
        ]
      }
  }
}
