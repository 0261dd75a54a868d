import InMemoryLogging
import Logging
import SystemPackage
import TestPeers
import TestSupport
import Testing

@testable import Gnet

@Suite("paths of unix sockets that another program removes") struct RemovedPathTests {
  private func options(_ log: InMemoryLogHandler, loopCount: Int = 1, faults: FaultPlan? = nil) -> Options {
    var options = Options(loopCount: loopCount, faults: faults)
    options.unixSocketPermissions = .ownerReadWrite
    options.logger = log.logger
    return options
  }

  @Test("a path is bound again with its permissions, open connections go on, and the log says so", arguments: [1, 3])
  func removed(loopCount: Int) throws {
    let path = Files.temporaryPath()
    let log = InMemoryLogHandler()
    try withServer(.echo, options: options(log, loopCount: loopCount), on: ["unix://\(path)"]) { server in
      let before = try Client(server.address())
      try before.expectEcho("hello")
      for round in 1...2 {
        Files.remove(path)
        try require("the path is bound again") { log.lines.count == round }
        try Client(server.address()).expectEcho("hello")
        #expect(Files.permissions(of: path) == 0o600)
      }
      try before.expectEcho("hello")
    }
    #expect(!Files.exists(path))
    let line = "warning: \(path) was removed by another program, and is bound again"
    #expect(log.lines == [line, line])
  }

  #if DEBUG
    @Test("a path that cannot be bound again is tried until it can, and the log says so once")
    func failures() throws {
      let path = Files.temporaryPath()
      let log = InMemoryLogHandler()
      let faults = FaultPlan()
      // The first call is that of the start.
      faults.fail(.bind, with: .permissionDenied, times: 2, skipping: 1)
      try withServer(.echo, options: options(log, faults: faults), on: ["unix://\(path)"]) { server in
        Files.remove(path)
        try require("the path is bound again") { log.lines.count == 2 }
        #expect(faults.remaining == 0)
        try Client(server.address()).expectEcho("hello")
      }
      #expect(log.lines[0].contains("cannot be bound again") && log.lines[0].contains("Permission denied"))
      #expect(log.lines[1].contains("is bound again"))
    }
  #endif

  @Test("another file at the path is left alone, and the path is bound again when that file has gone")
  func replaced() throws {
    let path = Files.temporaryPath()
    let log = InMemoryLogHandler()
    try withServer(.echo, options: options(log), on: ["unix://\(path)"]) { server in
      Files.remove(path)
      Files.write("a note", to: path)
      try require("the server has noticed") { log.lines.count == 1 }
      #expect(log.lines[0].contains("another file has taken the place of \(path)"))
      #expect(Files.text(path) == "a note")
      Files.remove(path)
      try require("the path is bound again") { log.lines.count == 2 }
      try Client(server.address()).expectEcho("hello")
    }
    #expect(!Files.exists(path))
  }
}
