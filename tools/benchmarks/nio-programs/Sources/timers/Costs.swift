import Foundation
import Poller

/// The costs of a timer.
struct Costs: Encodable {
  /// The nanoseconds of processor time to set one.
  var set = 0.0
  /// The nanoseconds to move one, in the order in which they were set.
  var move = 0.0
  /// The nanoseconds to move, and to drop, one at random, which most likely is in no cache.
  var moveAtRandom = 0.0
  var drop = 0.0
  /// The bytes of resident memory for one, with what its owner keeps to move it.
  var memory = 0.0
  /// The number of timers that were moved in each round, and then dropped.
  var sample = 0

  /// Sets as many timers as there are lengths, moves `sample` of them ten times each in order and ten times at random,
  /// and drops those.
  static func measure<Queue: TimerQueue>(_ queue: inout Queue, _ lengths: [Int64], sample: Int) -> Costs {
    var generator = Generator()
    var costs = Costs()
    costs.sample = sample
    let now = Poller.Instant.now
    let memory = residentMemory
    var ids: [Queue.ID] = []
    ids.reserveCapacity(lengths.count)
    costs.set = nanoseconds(of: lengths.count) {
      for (event, length) in lengths.enumerated() {
        ids.append(queue.set(UInt64(event), at: now.adding(length), now: now))
      }
    }
    costs.memory = Double(residentMemory - memory) / Double(lengths.count)
    let rounds = 10
    for round in 1...2 * rounds {
      let isInOrder = round <= rounds
      if !isInOrder { ids.shuffle(using: &generator) }
      let first = round * 7919 % (lengths.count - sample + 1)
      let cost = nanoseconds(of: sample * rounds) {
        for index in 0..<sample { queue.move(&ids[index], to: now.adding(lengths[first + index]), now: now) }
      }
      if isInOrder { costs.move += cost } else { costs.moveAtRandom += cost }
    }
    ids.shuffle(using: &generator)
    costs.drop = nanoseconds(of: sample) { for index in 0..<sample { queue.remove(ids[index]) } }
    return costs
  }

  /// The nanoseconds of processor time that each of `count` operations took.
  private static func nanoseconds(of count: Int, _ body: () -> Void) -> Double {
    let start = processorTime
    body()
    return Double(processorTime - start) / Double(count)
  }

  /// The bytes of this process that are in memory.
  private static var residentMemory: Int {
    let fields = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
    return fields.count > 1 ? Int(fields[1])! * Int(getpagesize()) : 0
  }
}

/// The nanoseconds that this thread has run.
var processorTime: Int {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return time.tv_sec * 1_000_000_000 + time.tv_nsec
}
