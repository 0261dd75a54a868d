import SystemPackage
import TestPeers
import TestSupport
import Testing

@testable import Gnet

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// Options that make no sense, and durations of any length.
@Suite struct InvalidOptionsTests {
  struct Mistake: Sendable, CustomTestStringConvertible {
    let name: String
    let make: @Sendable (inout Options) -> Void
    var testDescription: String { name }

    init(_ name: String, _ make: @escaping @Sendable (inout Options) -> Void) {
      self.name = name
      self.make = make
    }

    static let all: [Mistake] = [
      Mistake("loopCount") { $0.loopCount = 0 },
      Mistake("loopCount") { $0.loopCount = -1 },
      Mistake("readBufferCapacity") { $0.readBufferCapacity = 0 },
      Mistake("readBufferCapacity") { $0.readBufferCapacity = -65536 },
      Mistake("outboundHighWatermark") { $0.outboundHighWatermark = -1 },
      Mistake("outboundLowWatermark") { $0.outboundLowWatermark = -1 },
      Mistake("maxConnections") { $0.maxConnections = -1 },
      Mistake("idleTimeout") { $0.idleTimeout = .zero },
      Mistake("idleTimeout") { $0.idleTimeout = .seconds(-1) },
      Mistake("readTimeout") { $0.readTimeout = .zero },
      Mistake("readTimeout") { $0.readTimeout = .seconds(Int64.min) },
      Mistake("tcpKeepAlive") { $0.tcpKeepAlive = .zero },
      Mistake("tcpKeepAlive") { $0.tcpKeepAlive = .seconds(-1) },
      Mistake("tcpKeepAliveInterval") { $0.tcpKeepAliveInterval = .zero },
      Mistake("tcpKeepAliveProbes") { $0.tcpKeepAliveProbes = 0 },
      Mistake("tcpUserTimeout") { $0.tcpUserTimeout = .zero },
      Mistake("drainTimeout") { $0.drainTimeout = .seconds(-1) },
      Mistake("lingerTimeout") { $0.lingerTimeout = .seconds(-1) },
      Mistake("lingerLimit") { $0.lingerLimit = .milliseconds(-1) },
      Mistake("socketReceiveBuffer") { $0.socketReceiveBuffer = -1 },
      Mistake("socketSendBuffer") { $0.socketSendBuffer = -1 },
    ]
  }

  @Test("a value that makes no sense is an error that names the option and says why", arguments: Mistake.all)
  func mistakes(mistake: Mistake) throws {
    var options = Options()
    mistake.make(&options)
    let initialised = Counter()
    var events = Events.echo
    events.onInitComplete = { _ in initialised.note(then: .shutdown) }
    let error = #expect(throws: ServeError.self) {
      try serve(events, options: options, on: "tcp://127.0.0.1:0")
    }
    guard case .invalidOptions(let reason)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(reason.contains("Options.\(mistake.name) ") && reason.contains("must"))
    #expect(error?.description == "invalid options: \(reason)")
    #expect(throws: ServeError.self) {
      _ = try start([Listener("tcp://127.0.0.1:0", Service(.echo))], options: options)
    }
    #expect(initialised.value == 0)
  }

  @Test("one watermark may be set without the other", arguments: [0, 1, 64 << 10, Int.max])
  func watermarks(value: Int) throws {
    for isHigh in [false, true] {
      var options = Options()
      if isHigh { options.outboundHighWatermark = value } else { options.outboundLowWatermark = value }
      try withServer(.echo, options: options) { server in
        let client = try Client(server.address())
        for _ in 0..<3 { try client.expectEcho("x") }
      }
    }
  }

  @Test("durations without end do no harm", arguments: [Duration.seconds(Int64.max), .nanoseconds(1)])
  func durations(duration: Duration) throws {
    let failures = Log<Int32>()
    var events = Events.echo
    events.onOpened = { connection in
      do throws(Errno) {
        try connection.setKeepAlive(duration)
        try connection.setKeepAlive(.seconds(Int64.min))
        try connection.setKeepAlive(nil)
      } catch {
        failures.add(code(error))
      }
      return .none
    }
    var options = Options()
    options.tcpKeepAlive = duration
    options.idleTimeout = max(duration, .seconds(3600))
    options.readTimeout = .seconds(Int64.max)
    options.drainTimeout = .seconds(Int64.max)
    try withServer(events, options: options) { server in
      try Client(server.address()).expectEcho("x")
    }
    #expect(failures.count == 0)
  }

  @Test("sizes that no kernel grants are clamped, and not a reason to stop")
  func sizes() throws {
    var options = Options()
    options.socketReceiveBuffer = Int.max
    options.socketSendBuffer = Int.max
    options.maxConnections = Int.max
    let listeners = [
      Listener("tcp://127.0.0.1:0", Service(.echo), backlog: Int.max),
      Listener(StreamTransport.unix.address(), Service(.echo), backlog: -1),
    ]
    try withListeners(listeners, options: options) { server in
      for address in server.addresses {
        try Client(address).expectEcho("x")
      }
    }
  }

  @Test("plugins of the options and of the events are told of everything once, those of the options first")
  func plugins() throws {
    struct Teller: Plugin {
      let name: String
      let log: Log<String>
      func started(_ server: Server) { log.add("\(name) started") }
      func preWrite(_ connection: inout Connection, byteCount: Int) { log.add("\(name) \(byteCount)") }
      func stopped(_ server: Server) { log.add("\(name) stopped") }
    }
    let log = Log<String>()
    var events = Events.echo
    events.install(Teller(name: "events", log: log))
    var options = Options()
    options.plugins = [Teller(name: "options", log: log)]
    try withServer(events, options: options) { server in
      try Client(server.address()).expectEcho("x")
    }
    #expect(
      log.values == [
        "options started", "events started", "options 1", "events 1", "options stopped", "events stopped",
      ])
  }
}
