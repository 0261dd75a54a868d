import Gnet
import Synchronization
import TestPeers
import TestSupport
import Testing

/// Stands for work whose results a recipe keeps.
func answer(to request: [UInt8]) -> [UInt8] {
  answerCount.add()
  return request.reversed()
}

private let answerCount = Counter()

@Suite("The recipes of the cookbook")
struct CookbookTests {
  @Test("a line that is too slow ends its connection, also if bytes keep coming, and others do not")
  func deadline() throws {
    try withService(Service { _ in Deadlines(limit: .milliseconds(300)) }) { server in
      let (slow, quick) = try (Client(server.addresses[0]), Client(server.addresses[0]))
      let start = ContinuousClock.now
      try require("the slow sender is cut") {
        try quick.send("quick\n")
        #expect(try quick.receiveLine() == "quick")
        // The connection may have ended by now.
        try? slow.send("x")
        return slow.isReadable(within: .milliseconds(10))
      }
      #expect(ContinuousClock.now - start >= .milliseconds(300))
      try quick.send("still here\n")
      #expect(try quick.receiveLine() == "still here")
    }
  }

  @Test("lines over the limit wait for the next second, and none is lost")
  func rateLimit() throws {
    try withService(Service { _ in RateLimit() }) { server in
      let client = try Client(server.addresses[0])
      let start = ContinuousClock.now
      let text = (0..<250).map { "line \($0)\n" }.joined()
      try client.send(text)
      client.endOutput()
      for number in 0..<100 { #expect(try client.receiveLine() == "line \(number)") }
      #expect(try client.receiveLine() == "line 100")
      #expect(ContinuousClock.now - start >= .seconds(1))
      for number in 101..<250 { #expect(try client.receiveLine() == "line \(number)") }
      #expect(ContinuousClock.now - start >= .seconds(2))
      #expect(try client.receiveToEnd() == [])
    }
  }

  @Test("a job that comes later reaches the client that asked for it")
  func retry() throws {
    let asked = Counter()
    let service = Service { _ in Poll { asked.add() == 0 ? nil : Array("job".utf8) } }
    try withService(service) { server in
      let client = try Client(server.addresses[0])
      let start = ContinuousClock.now
      try client.send("?")
      #expect(try client.receiveText(3) == "job")
      #expect(ContinuousClock.now - start >= .seconds(1) && asked.value == 2)
    }
  }

  @Test("a cache answers again without work, until its timer empties it")
  func cache() throws {
    try withService(cachedAnswers) { server in
      let client = try Client(server.addresses[0])
      func ask() throws {
        try client.send("abc")
        #expect(try client.receiveText(3) == "cba")
      }
      let before = answerCount.value
      for _ in 0..<3 { try ask() }
      #expect(answerCount.value == before + 1)
      emptyCaches(of: server, every: .milliseconds(10))
      try require("the cache was emptied") {
        try ask()
        return answerCount.value > before + 1
      }
    }
  }

  @Test("a link is established as soon as its server is there, and again after its end")
  func link() throws {
    let path = Files.temporaryPath()
    let requests = Log<String>()
    var backend = Events()
    backend.react = { _, input in
      requests.add(String(decoding: input.readAll(), as: UTF8.self))
      return .none
    }
    try withClients { clients in
      let loop = clients.loops[0]
      Link(to: "unix://\(path)", on: loop).connect()
      try require("the server is missing") { loop.statistics.connectFailures > 0 }
      for round in 1...2 {
        try withServer(backend, on: ["unix://\(path)"]) { _ in
          try require("the link is there") { requests.values == Array(repeating: "SUBSCRIBE news\r\n", count: round) }
        }
      }
      try require("it is missing again") { loop.statistics.connectionsActive == 0 }
    }
  }

  @Test("a shutdown waits for the rest of a line, and for nothing else")
  func finishing() throws {
    try withService(Service { _ in Finishing() }) { server in
      let (idle, busy) = try (Client(server.addresses[0]), Client(server.addresses[0]))
      try busy.send("whole\nha")
      #expect(try busy.receiveLine() == "whole")
      server.shutdown()
      #expect(try idle.receiveToEnd() == [])
      try busy.send("lf\n")
      #expect(try busy.receiveToEnd() == Array("half\n".utf8))
    }
  }

  @Test("a task answers lines until the client has enough")
  func task() throws {
    try withService(lines) { server in
      let client = try Client(server.addresses[0])
      #expect(try client.receiveLine() == "ready")
      try client.send("abc\nde")
      #expect(try client.receiveLine() == "cba")
      try client.send("f\nquit\nabc\n")
      #expect(try client.receiveToEnd() == Array("fed\n".utf8))
    }
  }
}
