import Poller
import SystemPackage

/// Prints the bytes that arrive on a descriptor, until its end or a wake-up.
func printAll(from source: FileDescriptor, with poller: Poller) throws -> Int {
  let token = Poller.Token(rawValue: 7)
  try poller.add(source, token: token, interest: .readable)
  var count = 0
  var isDone = false
  while !isDone {
    try poller.wait(timeout: .seconds(10)) { event in
      if event.isWake {
        isDone = true
      } else if event.token == token && event.isReadable {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let received = (try? unsafe buffer.withUnsafeMutableBytes { try unsafe source.read(into: $0) }) ?? 0
        print(String(decoding: buffer.prefix(received), as: UTF8.self), terminator: "")
        count += received
        if received == 0 { isDone = true }
      }
    }
  }
  try poller.remove(source)
  return count
}

// The README's example ends here; what follows tests it.

import TestSupport
import Testing

@Suite("README")
struct ReadmeTests {
  @Test("the example does what it says")
  func example() throws {
    let poller = try Poller()
    try withPipe { pipe in
      try pipe.right.writeAll("Ready.\n".utf8)
      try pipe.closeRight()
      let count = try printAll(from: pipe.left, with: poller)
      #expect(count == 7)
    }
  }

  @Test("the example ends when woken")
  func wake() throws {
    let poller = try Poller()
    poller.waker.wake()
    try withPipe { pipe in
      let count = try printAll(from: pipe.left, with: poller)
      #expect(count == 0)
    }
  }

  @Test("the README shows the example that is tested here")
  func isShown() throws {
    let source = try #require(Files.text(#filePath))
    let readme = try #require(Files.text("\(Files.packageFolder())/README.md"))
    let end = "\n// The README's example ends here"
    let example = try #require(source.split(separator: end, omittingEmptySubsequences: false).first)
    #expect(readme.contains("```swift\n\(example)```\n"))
  }
}
