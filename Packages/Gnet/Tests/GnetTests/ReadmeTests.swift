import Gnet
import GnetCodecs
import RingBuffer
import TestPeers
import TestSupport
import Testing

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

// Each of these functions holds, between its markers, a block of README.md as it stands there.

private func servesHello(_ serve: (Events, String, String) throws -> Void) rethrows {
  // README: server
  var events = Events()
  events.multicore = true

  events.onOpened = { connection in
    connection.write("hello, \(connection.remoteAddress)\n")
    return .none
  }
  events.react = { connection, input in
    connection.write(moving: &input)  // echo, without a copy
    return .none
  }
  events.onClosed = { connection, error in
    print("\(connection.remoteAddress) has left:", error ?? "end of stream")
    return .none
  }
  // README: end
  try serve(events, "tcp://127.0.0.1:0", "unix://\(Files.temporaryPath())")
}

private func slowAnswer(to request: [UInt8]) -> [UInt8] { request.reversed() }

private func answersFromAPool(_ events: inout Events) -> WorkerPool {
  // README: handle
  let pool = WorkerPool(threadCount: 4, queueCapacity: 64)

  events.react = { connection, input in
    let request = input.readAll()
    let handle = connection.handle
    let isTaken = pool.submit {
      handle.write(slowAnswer(to: request))  // from the pool's thread
    }
    if !isTaken { connection.write("busy\n") }
    return .none
  }
  // README: end
  return pool
}

private func reversesLines(_ events: inout Events) {
  // README: codec
  let codec = LineCodec(maximumFrameLength: 4096)

  events.react = { connection, input in
    do {
      while let line = try codec.decode(from: &input) {
        connection.write(line.reversed())
        connection.write("\n")
      }
      return .none
    } catch {
      return .close  // a line that is too long
    }
  }
  // README: end
}

@Suite("The examples of the README")
struct ReadmeTests {
  @Test("the server greets and echoes on both addresses")
  func server() throws {
    try servesHello { events, first, second in
      try withServer(events, on: [first, second]) { server in
        for index in 0...1 {
          let client = try Client(server.address(index))
          let greeting = index == 0 ? "hello, \(try client.localAddress)\n" : "hello, unix:\n"
          #expect(try client.receiveText(greeting.utf8.count) == greeting)
          try client.send("ping")
          #expect(try client.receiveText(4) == "ping")
        }
      }
    }
  }

  @Test("a pool's answer comes through the handle")
  func handle() throws {
    var events = Events()
    let pool = answersFromAPool(&events)
    try withServer(events) { server in
      let client = try Client(server.address())
      try client.send("stressed")
      #expect(try client.receiveText(8) == "desserts")
    }
    pool.shutdown()
  }

  @Test("lines come back reversed, and one that is too long ends the connection")
  func codec() throws {
    var events = Events()
    reversesLines(&events)
    try withServer(events) { server in
      let client = try Client(server.address())
      try client.send("live\r\nstar\n")
      #expect(try client.receiveText(10) == "evil\nrats\n")
      try client.send(String(repeating: "x", count: 5000))
      #expect(try client.receive().isEmpty)
    }
  }

  @Test("the README shows the code above", arguments: ["server", "handle", "codec"])
  func isQuoted(name: String) throws {
    let readme = try text(of: "README.md")
    let block = readme.between("<!-- GnetTests/ReadmeTests.swift: \(name) -->\n```swift\n", "```")
    let code = try text(of: "Tests/GnetTests/ReadmeTests.swift").between("// README: \(name)\n", "// README: end")
    // The blocks show besides the imports, and the address that a test does not bind.
    let shown = block.lines.filter { !$0.hasPrefix("import ") && !$0.hasPrefix("try serve(") }
    #expect(shown == code.lines && !shown.isEmpty)
  }

  private func text(of path: String) throws -> String {
    try #require(Files.text("\(Files.packageFolder())/\(path)"))
  }
}

extension String {
  /// The text between the first `start` and the next `end`.
  fileprivate func between(_ start: String, _ end: String) -> Substring {
    guard let from = firstRange(of: start)?.upperBound, let to = self[from...].firstRange(of: end)?.lowerBound else {
      return ""
    }
    return self[from..<to]
  }
}

extension Substring {
  /// The lines with something on them, without indentation.
  fileprivate var lines: [String] {
    split(separator: "\n").map { $0.drop(while: \.isWhitespace) }.filter { !$0.isEmpty }.map(String.init)
  }
}
