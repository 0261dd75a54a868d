// Runs the targets on the inputs of their corpora, without libFuzzer: see ci/fuzz.
//
//   fuzz-replay FOLDER [TARGET...]   prints the path of each input before it runs
//   fuzz-replay                      lists the targets

import Foundation
import FuzzTargets

let arguments = CommandLine.arguments.dropFirst()
guard let folder = arguments.first else {
  for target in FuzzTarget.all {
    print(target.name.padding(toLength: 16, withPad: " ", startingAt: 0), target.summary)
  }
  exit(0)
}
let names = arguments.count > 1 ? Array(arguments.dropFirst()) : FuzzTarget.all.map(\.name)
for name in names {
  guard let target = FuzzTarget.named(name) else {
    print("there is no target \(name)")
    exit(64)
  }
  let files = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(name)").sorted()
  for file in files {
    let path = "\(folder)/\(name)/\(file)"
    print(path)
    fflush(nil)
    target.run([UInt8](try Data(contentsOf: URL(fileURLWithPath: path))))
  }
}
