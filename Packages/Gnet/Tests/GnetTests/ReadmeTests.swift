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

private func echoesLines(_ events: inout Events) {
  // README: codec
  let codec = LineCodec(maximumFrameLength: 4096)

  events.react = { connection, input in
    do {
      return try connection.forEachFrame(of: codec, in: &input) { connection, line in
        connection.write(line)
        connection.write("\n")
        return .none
      }
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

  @Test("lines come back, and one that is too long ends the connection")
  func codec() throws {
    var events = Events()
    echoesLines(&events)
    try withServer(events) { server in
      let client = try Client(server.address())
      try client.send("live\r\nstar\n")
      #expect(try client.receiveText(10) == "live\nstar\n")
      try client.send(String(repeating: "x", count: 5000))
      #expect(try client.receive().isEmpty)
    }
  }

  @Test("the README shows the code above", arguments: ["server", "handle", "codec"])
  func isQuoted(name: String) {
    let block = Files.lines(of: "README.md", from: "<!-- GnetTests/ReadmeTests.swift: \(name) -->", to: "```")
    let code = Files.lines(
      of: "Tests/GnetTests/ReadmeTests.swift", from: "// README: \(name)", to: "// README: end")
    // The blocks show besides the imports, and the address that a test does not bind.
    let shown = block.dropFirst().filter { !$0.hasPrefix("import ") && !$0.hasPrefix("try serve(") }
    #expect(shown == code && !shown.isEmpty)
  }
}
