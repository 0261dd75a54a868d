import Foundation
import Gnet
import MetricsClient
import TestPeers
import TestSupport
import Testing

@Suite struct LongRunningTests {
  @Test("watch prints plain lines on a pipe, and ends cleanly on Ctrl-C")
  func plainWatch() throws {
    try withServer(try TestServer(loops: 2)) { server in
      let program = try Tool.start("watch", server.metrics, "--interval", "50ms")
      try require("two rounds of lines have come") { program.outputSoFar.split(separator: "\n").count >= 6 }
      program.signal(SIGINT)
      let (status, output, errors) = try program.result()
      #expect(status == 0 && errors == "")
      #expect(!output.contains("\u{1B}"))
      #expect(output.split(separator: "\n").allSatisfy { $0.hasPrefix("server=\(server.metrics) loop=") })
    }
  }

  @Test("watch ends with exit code 1 and a line of errors if a socket of any failing kind is all that it has")
  func watchOfNothing() throws {
    try withFailingSockets { failures in
      let programs = try failures.map { try Tool.start("watch", $0.path) }
      for (program, failure) in zip(programs, failures) {
        let (status, output, errors) = try program.result()
        #expect(status == 1 && output == "")
        [failure].expectComplaints(errors.split(separator: "\n"))
      }
    }
  }

  @Test("watch shows the others where sockets fail, names each when it begins to fail and at the end, and exits with 1")
  func failingWatch() throws {
    try withFailingSockets { failures in
      try withServer(try TestServer()) { server in
        let paths = ([server.metrics] + failures.map(\.path)).joined(separator: " ")
        let program = try Tool.script("exec gnet-metrics watch \(paths) --interval 10ms")
        try require("lines have come") { program.outputSoFar.contains("loop=total") }
        program.signal(SIGINT)
        let (status, output, errors) = try program.result()
        #expect(status == 1)
        #expect(output.split(separator: "\n").allSatisfy { $0.hasPrefix("server=\(server.metrics) loop=") })
        failures.expectComplaints(errors.split(separator: "\n").prefix(failures.count))
        failures.expectComplaints(errors.split(separator: "\n").dropFirst(failures.count))
      }
    }
  }

  @Test("watch ends at once on Ctrl-C while a socket hangs")
  func interruptedWatch() throws {
    let hanging = try BadServer()
    defer { hanging.stop() }
    let program = try Tool.start("watch", hanging.path)
    try require("it reads the socket") { hanging.hasClient }
    program.signal(SIGINT)
    let (status, output, errors) = try program.result()
    // Two seconds later, the socket would be named.
    #expect(status == 1 && output == "" && errors == "")
  }

  @Test("serve answers Prometheus also where sockets fail, names each once, and ends cleanly on Ctrl-C")
  func serve() throws {
    try withFailingSockets { failures in
      try withServer(try TestServer()) { server in
        let paths = (failures.map(\.path) + [server.metrics]).joined(separator: " ")
        let program = try Tool.script("exec gnet-metrics serve \(paths) --listen 127.0.0.1:0")
        try require("it listens") { program.outputSoFar.hasSuffix("/metrics\n") }
        let port = try #require(
          program.outputSoFar.firstMatch(of: #/^listening on http://127\.0\.0\.1:(\d+)/metrics/#))
        for _ in 0..<2 {
          let client = try Client(port: Int(port.1)!)
          try client.send("GET /metrics HTTP/1.0\r\n\r\n")
          let answer = String(decoding: try client.receiveToEnd(), as: UTF8.self)
          #expect(answer.contains("gnet_up{server=\"\(server.metrics)\"} 1\n"))
          for failure in failures { #expect(answer.contains("gnet_up{server=\"\(failure.path)\"} 0\n")) }
        }
        program.signal(SIGINT)
        let (status, _, errors) = try program.result()
        #expect(status == 0)
        failures.expectComplaints(errors.split(separator: "\n"))
      }
    }
  }

  @Test(
    "serve answers Prometheus, and ends on SIGINT alone, also where standard streams are closed",
    arguments: ["<&-", ">&-", "<&- >&-", "<&- >&- 2>&-"])
  func closedStreams(closing: String) throws {
    try withServer(try TestServer()) { server in
      let port = try freePort()
      let program = try Tool.script(
        "exec gnet-metrics serve \(server.metrics) --listen 127.0.0.1:\(port) \(closing)")
      var answer = ""
      try require("it answers") {
        guard let client = try? Client(port: port) else { return false }
        try client.send("GET /metrics HTTP/1.0\r\n\r\n")
        answer = String(decoding: try client.receiveToEnd(), as: UTF8.self)
        return true
      }
      #expect(answer.contains("gnet_up{server=\"\(server.metrics)\"} 1\n"))
      program.signal(SIGINT)
      let (status, _, errors) = try program.result()
      #expect(status == 0 && errors == "")
    }
  }

  @Test("serve says in one line that its address is taken, and the exit code is 1")
  func takenAddress() throws {
    try withServer(try TestServer()) { server in
      let address = "\(server.addresses[0])"
      let (status, output, errors) = try Tool.start("serve", server.metrics, "--listen", address).result()
      #expect(status == 1 && output == "")
      #expect(errors == "Error: bind failed for address \"tcp://\(address)\": Address already in use\n")
    }
  }
}
