// Runs libFuzzer on the target that the variable FUZZ_TARGET names, with libFuzzer's own arguments: see ci/fuzz.
//
// An argument with the name would be lost: libFuzzer starts this program again to merge corpora.

import CFuzz
import Foundation
import FuzzTargets

private let target: FuzzTarget = {
  let name = ProcessInfo.processInfo.environment["FUZZ_TARGET"] ?? ""
  guard let target = FuzzTarget.named(name) else {
    print("fuzz: there is no target '\(name)'")
    exit(64)
  }
  return target
}()

@main
struct Fuzz {
  static func main() {
    let arguments = CommandLine.arguments + ["-max_len=\(target.maximumLength)"]
    var argc = Int32(arguments.count)
    var argv: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = .allocate(capacity: arguments.count + 1)
    argv?.initialize(repeating: nil, count: arguments.count + 1)
    for (index, argument) in arguments.enumerated() { argv?[index] = strdup(argument) }
    exit(
      LLVMFuzzerRunDriver(&argc, &argv) { bytes, count in
        target.run([UInt8](UnsafeBufferPointer(start: bytes, count: count)))
        return 0
      })
  }
}
