// timers gnet|heap|nio costs|firing|precision TIMERS [LONGEST-SECONDS]
//
// Measures the timers of a loop, and prints the figures as a JSON object.
import Foundation
import NIOCore
import NIOPosix
import Poller

/// The number of tasks that are cancelled: SwiftNIO looks for each among all, which takes a millisecond.
let sampleOfTasks = 50

func measure(_ way: String, _ part: String, _ lengths: [Int64]) throws -> (any Encodable)? {
  switch (way, part) {
  case ("gnet", "costs"):
    var timers = Timers<UInt64>()
    return Costs.measure(&timers, lengths, sample: lengths.count)
  case ("heap", "costs"):
    var heap = TimerHeap()
    return Costs.measure(&heap, lengths, sample: lengths.count)
  case ("nio", "costs"):
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    return try loop.submit { () -> Costs in
      var tasks = ScheduledTasks(loop: loop) { _ in }
      return Costs.measure(&tasks, lengths, sample: min(sampleOfTasks, lengths.count))
    }.wait()
  case ("gnet", "firing"):
    var timers = Timers<UInt64>()
    return try fire(&timers, lengths)
  case ("heap", "firing"):
    var heap = TimerHeap()
    return try fire(&heap, lengths)
  case ("nio", "firing"):
    return try LoopRun(on: MultiThreadedEventLoopGroup.singleton.next(), lengths).result()
  case ("gnet", "precision"):
    var timers = Timers<UInt64>()
    return Precision.measure(&timers, lengths)
  case ("heap", "precision"):
    var heap = TimerHeap()
    return Precision.measure(&heap, lengths)
  default: return nil
  }
}

let arguments = CommandLine.arguments.dropFirst()
guard 3...4 ~= arguments.count, let count = Int(arguments[3]), count > 0,
  let longest = arguments.count == 4 ? Double(arguments[4]) : 3600, longest > 0.001,
  let figures = try measure(arguments[1], arguments[2], lengths(count, longest: .seconds(longest)))
else {
  FileHandle.standardError.write(
    Data("usage: timers gnet|heap|nio costs|firing|precision TIMERS [LONGEST-SECONDS]\n".utf8))
  exit(64)
}
print(String(decoding: try JSONEncoder().encode(figures), as: UTF8.self))
