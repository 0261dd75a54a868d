// Uses the public API as programs do. Exits with status 0 if it behaves as documented.
import Gnet
import GnetCodecs
import Logging
import RingBuffer
import SystemPackage

func require(_ condition: Bool, line: UInt = #line) {
  precondition(condition, "line \(line)")
}

struct Watcher: Plugin {
  func started(_ server: Server) { require(server.loopCount == server.loops.count) }
  func tick(_ loop: EventLoop) -> Duration? { loop.index >= 0 ? .milliseconds(100) : nil }
  func preWrite(_ connection: inout Connection, byteCount: Int) { require(byteCount > 0) }
  func stopped(_ server: Server) { require(server.connectionCount == 0) }
}

/// A plugin needs none of its requirements.
struct Idler: Plugin {}

final class Note { var text = "" }

func makeEvents() -> Events {
  var events = Events()
  events.multicore = false
  events.install(Watcher())
  events.install(Idler())
  events.onInitComplete = { server in
    for address in server.addresses { print("serving on", address, address.family) }
    return .none
  }
  events.onOpened = { connection in
    connection.context = Note()
    print(connection.addressIndex, connection.localAddress, connection.remoteAddress, connection.loop.index)
    return .none
  }
  events.react = { connection, input in
    try? connection.setNoDelay(true)
    try? connection.setKeepAlive(.seconds(30))
    let bytes = input.readAll()
    connection.write(bytes)
    connection.write(bytes.span)
    let span = bytes.span
    connection.write(span.bytes)
    connection.write(bytes[...])
    connection.write("text")
    connection.write(moving: &input)
    let handle = connection.handle
    handle.write([1])
    handle.write("2")
    handle.wake()
    handle.close()
    require(connection.pendingWriteCount >= 0 && !connection.isInputEnded)
    connection.wake()
    connection.close()
    return .close
  }
  events.onClosed = { connection, error in
    require(connection.context is Note && (error == nil || error is Errno))
    return .shutdown
  }
  events.onDetached = { _, detached in
    if let bytes = try? detached.read(upTo: 1), bytes != detached.unreadBytes { try? detached.write(bytes) }
    if detached.unreadBytes.isEmpty { try? detached.close() } else { _ = detached.release() }
    return .detach
  }
  events.preWrite = { _, byteCount in require(byteCount > 0) }
  events.tick = { (delay: .seconds(1), action: .shutdown) }
  return events
}

func makeOptions() -> Options {
  var options = Options()
  options.loopCount = 2
  for balancing in [LoadBalancing.roundRobin, .leastConnections, .sourceAddressHash] {
    options.loadBalancing = balancing
  }
  require(options.tcpNoDelay && options.readBufferCapacity == 65536 && !options.allowHalfClosure)
  require(options.outboundHighWatermark == 1 << 20 && options.outboundLowWatermark == 256 << 10)
  require(options.drainTimeout == .seconds(3) && options.tcpKeepAlive == nil && options.idleTimeout == nil)
  require(options.maxConnections == nil && options.socketReceiveBuffer == nil && options.socketSendBuffer == nil)
  options.logger = Logger(label: "consumer")
  return options
}

func useCodecs() throws(FrameError) {
  let codecs: [any FrameCodec] = [
    LineCodec(), LineCodec(maximumFrameLength: 10), DelimiterCodec(delimiter: 0), DelimiterCodec(delimiter: [1, 2]),
    FixedLengthCodec(frameLength: 3), LengthFieldCodec(width: .four),
    LengthFieldCodec(width: .two, byteOrder: .little, includesField: true, maximumFrameLength: 100),
  ]
  for codec in codecs {
    var ring = RingBuffer()
    try codec.encode([7, 8, 9], into: &ring)
    require(try codec.decode(from: &ring) == [7, 8, 9])
    require(try codec.decode(from: &ring) == nil)
  }
  let errors: [FrameError] = [.frameTooLong(limit: 1), .invalidLength, .invalidPayload]
  require(errors[0] != errors[1])
}

func useStatistics(_ statistics: LoopStatistics) -> UInt64 {
  statistics.connectionsOpened + statistics.connectionsClosed + statistics.connectionsActive + statistics.reads
    + statistics.bytesRead + statistics.writes + statistics.bytesWritten + statistics.writesWouldBlock
    + statistics.accepts + statistics.acceptErrors + statistics.datagramsIn + statistics.datagramsOut
    + statistics.wakeups + statistics.polls + statistics.mailboxMessages + statistics.mailboxDepthMax
    + statistics.pendingOutputBytes
}

func usePool() {
  let pool = WorkerPool(threadCount: 1, queueCapacity: 1)
  require(pool.submit { print("at work") })
  pool.shutdown()
  require(!pool.submit {})
}

func useErrors() {
  do throws(ServeError) {
    try serve(Events(), on: "ftp://nowhere:1")
  } catch {
    switch error {
    case .invalidAddress(let address, let reason): require(!address.isEmpty && !reason.isEmpty)
    case .unsupportedScheme(let address): require(address == "ftp://nowhere:1")
    case .invalidOptions(let reason): require(!reason.isEmpty)
    case .system(let operation, let address, let errno): print(operation, address ?? "", errno)
    }
    print(error)
  }
}

/// Answers each line with its number. Noncopyable, and with all requirements.
struct LineCounter: ConnectionHandler, ~Copyable {
  let totals: Totals
  var lineCount = 0

  init(_ totals: Totals) { self.totals = totals }

  mutating func opened(_ connection: inout Connection) -> Action {
    connection.setTimeout(.seconds(30))
    connection.withFileDescriptor { require($0.rawValue >= 0) }
    require(!connection.isOutputFull && !connection.isShuttingDown)
    return .none
  }
  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    while !connection.isOutputFull, let end = input.firstIndex(of: UInt8(ascii: "\n")) {
      input.discard(end + 1)
      lineCount += 1
      totals.lineCount += 1
      connection.write("\(lineCount)\n")
    }
    return .none
  }
  mutating func drained(_ connection: inout Connection) -> Action { .none }
  mutating func timedOut(_ connection: inout Connection) -> Action {
    connection.abort()
    return .none
  }
  mutating func shuttingDown(_ connection: inout Connection) -> Action {
    connection.endOutput()
    connection.become(closing)
    return .none
  }
  consuming func closed(_ connection: inout Connection, _ error: (any Error)?) {}
  consuming func detached(_ connection: inout Connection, _ detached: consuming DetachedConnection) {
    connection.loop.adopt(detached, closing)
  }
}

final class Totals { var lineCount = 0 }

let totals = LoopLocal { _ in Totals() }

/// A handler needs `react` only.
struct Closing: ConnectionHandler {
  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action { .close }
}

let closing = Service { _ in Closing() }

func makeListeners() -> [Listener] {
  let lines = Service(async: { connection in
    let counts = await totals.collect { $0.lineCount }
    require(counts.count == 2)
    for try await line in connection.frames(LineCodec()) { try await connection.write(line) }
    while let bytes = try await connection.read() { try await connection.write(bytes) }
    try await connection.write("text")
    print(connection.remoteAddress, connection.handle.isOpen)
    connection.close()
  })
  var datagrams = Events()
  datagrams.onDrained = { _ in .none }
  datagrams.onTimeout = { _ in .close }
  datagrams.onShutdown = { _ in .close }
  return [
    Listener("tcp://127.0.0.1:0", Service(perLoop: { _ in Totals() }) { _, totals in LineCounter(totals) }),
    Listener("tcp://127.0.0.1:0", Service(perLoop: totals) { _, totals in LineCounter(totals) }),
    Listener("tcp://127.0.0.1:0", lines, backlog: 16),
    Listener("udp://127.0.0.1:0", Service(datagrams)),
  ]
}

func useHandle(_ handle: ConnectionHandle) {
  switch handle.offer([1]) {
  case .taken:
    handle.perform { connection in
      connection.become(Forwarding(target: handle))
      return .none
    }
  case .full: handle.abort()
  case .gone: require(handle.withConnection { $0.pendingWriteCount } == nil)
  }
}

/// Passes everything on to a connection.
struct Forwarding: ConnectionHandler {
  let target: ConnectionHandle

  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    switch connection.forward(&input, to: target) {
    case .taken, .full: .none
    case .gone: .close
    }
  }
}

// Outbound connections, and the proxy in Relaying.swift with them.

func makeConnectOptions() -> ConnectOptions {
  var options = ConnectOptions()
  options.timeout = .seconds(5)
  options.localAddress = "127.0.0.1:0"
  options.tcpKeepAlive = .seconds(60)
  require(options.tcpNoDelay && options.socketReceiveBuffer == nil && options.socketSendBuffer == nil)
  return options
}

/// A backend that sends everything back, behind headers of its connection, and ends with its peer.
struct Mirror: ConnectionHandler {
  static var isFullDuplex: Bool { true }

  mutating func opened(_ connection: inout Connection) -> Action {
    require(!connection.isOutbound)
    let header = ProxyHeader(source: connection.remoteAddress, destination: connection.localAddress)
    // The last one is a line of text.
    for version in ProxyHeader.Version.allCases.reversed() { connection.write(header.encoded(version)) }
    return .none
  }
  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    connection.write(moving: &input)
    return connection.isInputEnded ? .close : .none
  }
}

/// Speaks through the proxy, behind what its handle has said, and ends the server when all is back, behind the headers.
struct Caller: ConnectionHandler {
  let server: Server
  var received: [UInt8] = []

  static var isFullDuplex: Bool { true }

  mutating func opened(_ connection: inout Connection) -> Action {
    require(connection.isOutbound)
    return .none
  }
  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    received += input.readAll()
    if received.suffix(2).elementsEqual("in".utf8) {
      connection.write(" and out")
      connection.endOutput()
    }
    return .none
  }
  consuming func closed(_ connection: inout Connection, _ error: (any Error)?) {
    require(error == nil && received.suffix(10).elementsEqual("in and out".utf8))
    server.shutdown()
  }
}

func useOutboundConnections() throws(ServeError) {
  require(SocketAddress("127.0.0.1:1")?.port == 1 && SocketAddress("localhost:1") == nil)
  let mirrors = try start([Listener("tcp://127.0.0.1:0", Service { _ in Mirror() })])
  let backend = "tcp://\(mirrors.server.addresses[0])"
  let proxy = try start([Listener("tcp://127.0.0.1:0", relaying(to: backend, makeConnectOptions()))])
  let running = try start([])
  let server = running.server
  let caller = Service { _ in Caller(server: server) }
  server.connect(to: "\(proxy.server.addresses[0])", caller).write("in")
  try running.wait()
  let statistics = server.loops[0].statistics
  require(statistics.connectAttempts == 1 && statistics.connectFailures == 0 && statistics.connectionsOutbound == 1)

  server.connect(to: "127.0.0.1:1", caller) { error in require(error == .shutdown) }
  do throws(ConnectError) {
    try ConnectOptions.check(address: "127.0.0.1")
    require(false)
  } catch {
    switch error {
    case .invalidAddress(let address, let reason): require(address == "127.0.0.1" && !reason.isEmpty)
    case .nameNotFound, .timedOut, .filter, .system, .shutdown: require(false)
    }
  }
}

func useRunningServer() throws(ServeError) {
  var options = Options()
  options.readTimeout = .seconds(60)
  options.plugins = [Watcher()]
  let running = try start(makeListeners(), options: options)
  running.whenEnded { print("ended") }
  let server = running.server
  require(server.send([1], to: server.addresses[3], from: 3) && !server.send([1], to: server.addresses[0], from: 0))
  let loop = server.loops[0]
  let start = loop.now
  let report = loop.every(.seconds(1)) { print(loop.statistics.polls, totals.withState { $0.lineCount }) }
  loop.schedule(after: .milliseconds(10)) {
    require(loop.now - start >= .milliseconds(10))
    // A descriptor that is no connection is refused: its handle is not open.
    useHandle(loop.adopt(FileDescriptor(rawValue: -1), closing))
    server.shutdown()
  }.keep()
  try running.wait()
  require(server.failure == nil && server.connectionCount == 0)
  _ = consume report
}

try useCodecs()
try useRunningServer()
try useOutboundConnections()
usePool()
useErrors()
try serve(makeEvents(), options: makeOptions(), on: ["tcp://127.0.0.1:0", "udp://127.0.0.1:0?reuseport=true"])
require(useStatistics(LoopStatistics()) == 0)
