import TestPeers
import TestSupport
import Testing

@testable import Gnet

@Suite("messages to the service manager") struct ServiceManagerTests {
  @Test("a message is a datagram to the manager's socket")
  func datagram() throws {
    let path = Files.temporaryPath()
    let manager = try Client(boundTo: path, datagrams: true)
    defer { Files.remove(path) }
    let messages: [(ServiceManager.Message, String)] = [
      (.ready, "READY=1"), (.readyAsMain(process: 42), "READY=1\nMAINPID=42"), (.stopping, "STOPPING=1"),
      (.alive, "WATCHDOG=1"), (.status("a\nb"), "STATUS=a\\nb"),
    ]
    for (message, text) in messages {
      #expect(ServiceManager.notify(message, at: path))
      #expect(try manager.receiveText() == text)
    }
    #expect(ServiceManager.notify(.reloading, at: path))
    #expect(try manager.receiveText().wholeMatch(of: /RELOADING=1\nMONOTONIC_USEC=[1-9][0-9]*/) != nil)
  }

  @Test("without a manager nothing is sent", arguments: [nil, "", "relative", "/nowhere/at/all", "vsock:2:1234"])
  func nobody(path: String?) { #expect(!ServiceManager.notify(.ready, at: path)) }

  @Test("a manager whose socket is full does not make the server wait")
  func full() throws {
    let path = Files.temporaryPath()
    let manager = try Client(boundTo: path, datagrams: true)
    defer { Files.remove(path) }
    var count = 0
    while ServiceManager.notify(.alive, at: path), count < 100_000 { count += 1 }
    #expect(count > 0 && count < 100_000)
    #expect(try manager.receiveText() == "WATCHDOG=1")
  }

  @Test("the watchdog's interval is for the process that the manager names")
  func interval() {
    func interval(_ variables: [String: String]) -> Duration? {
      ServiceManager.watchdogInterval(variables, process: 42)
    }
    #expect(interval(["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "42"]) == .seconds(3))
    #expect(interval(["WATCHDOG_USEC": "3000000"]) == .seconds(3))
    #expect(interval(["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "43"]) == nil)
    for text in ["0", "-1", "x", ""] { #expect(interval(["WATCHDOG_USEC": text]) == nil) }
    #expect(interval([:]) == nil)
  }
}

@Suite("the watchdog of a service manager") struct ServiceWatchdogTests {
  @Test("the manager hears of the server while all loops turn, and nothing while one is stuck", arguments: [0, 1])
  func stuck(index: Int) throws {
    let reports = Counter()
    var options = Options(loopCount: 2)
    options.plugins = [ServiceWatchdog(interval: .milliseconds(200)) { reports.add() }]
    try withListeners([Listener("tcp://127.0.0.1:0", Service(.echo))], options: options) { server in
      try require("the manager hears of it") { reports.value >= 3 }
      let gate = try server.loops[index].hold()
      // The other loop turns as often as the watchdog's timers.
      let turns = Counter()
      server.loops[1 - index].every(.milliseconds(50)) { turns.add() }.keep()
      var (heard, since) = (reports.value, turns.value)
      try require("the manager hears nothing any more") {
        if reports.value > heard { (heard, since) = (reports.value, turns.value) }
        return turns.value >= since + 5
      }
      gate.open()
      try require("the manager hears of it again") { reports.value > heard }
    }
  }

  @Test("without an interval nothing is sent, and no loop is woken")
  func none() throws {
    let reports = Counter()
    var options = Options()
    options.plugins = [ServiceWatchdog(interval: nil) { reports.add() }]
    try withListeners([Listener("tcp://127.0.0.1:0", Service(.echo))], options: options) { server in
      try Client(server.addresses[0]).expectEcho("x")
    }
    #expect(reports.value == 0)
  }

  @Test("the watchdog goes on during a shutdown")
  func draining() throws {
    let reports = Counter()
    var options = Options(loopCount: 2)
    options.drainTimeout = .seconds(60)
    options.plugins = [ServiceWatchdog(interval: .milliseconds(100)) { reports.add() }]
    var events = Events.echo
    events.onShutdown = { _ in .none }
    try withListeners([Listener("tcp://127.0.0.1:0", Service(events))], options: options) { server in
      let client = try Client(server.addresses[0])
      try client.expectEcho("x")
      server.shutdown()
      let before = reports.value
      try require("the manager hears of the server") { reports.value >= before + 3 }
    }
  }
}
