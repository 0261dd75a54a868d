// Runs the workloads of GnetWorkloads: see ci/simulate.
//
//   gnet-simulate FIRST-SEED COUNT SECONDS [trace]
//
// Ends after COUNT seeds or SECONDS seconds, whichever comes first. Prints failures with the seeds that replay them, and the
// number of seeds. Fails when a seed does.

import Foundation
import GnetTesting
import GnetWorkloads

let arguments = CommandLine.arguments.dropFirst()
guard arguments.count >= 3, let first = UInt64(arguments[1]), let count = UInt64(arguments[2]),
  let seconds = Double(arguments[3])
else {
  print("usage: gnet-simulate FIRST-SEED COUNT SECONDS [trace]")
  exit(64)
}
let printsTrace = arguments.contains("trace")
let clock = ContinuousClock()
let start = clock.now
var failureCount = 0
var seed = first
while seed - first < count, clock.now - start < .seconds(seconds) {
  do {
    let hash = try Workload.run(seed: seed, printsTrace: printsTrace)
    if count == 1 { print("trace \(String(hash, radix: 16))") }
  } catch {
    failureCount += 1
    print("seed \(seed): \(error.reason)\n  ci/simulate --seed \(seed)")
    fflush(nil)
    if failureCount == 20 { break }
  }
  seed += 1
}
let elapsed = max(0.001, (clock.now - start) / .seconds(1))
let done = seed - first
print("\(done) seeds in \(Int(elapsed)) s, \(Int(Double(done) / elapsed)) a second: \(failureCount) failed")
exit(failureCount == 0 ? 0 : 1)
