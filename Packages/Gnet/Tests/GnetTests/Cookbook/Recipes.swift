import Gnet
import GnetCodecs
import RingBuffer

// The recipes of the cookbook, as they stand there.

/// Accepts a line of at most 4096 bytes within ten seconds of its first byte.
struct Deadlines: ConnectionHandler {
  var limit = Duration.seconds(10)
  var isWaiting = false

  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    while !connection.isOutputFull, let end = input.firstIndex(of: UInt8(ascii: "\n")) {
      connection.write(input.read(end + 1))
      if isWaiting { connection.setTimeout(nil) }
      isWaiting = false
    }
    if connection.isOutputFull { return .none }  // the rest comes again
    if input.count > 4096 { return .close }
    if !input.isEmpty && !isWaiting {
      connection.setTimeout(limit)
      isWaiting = true
    }
    return .none
  }
}

/// Answers up to 100 lines per second.
struct RateLimit: ConnectionHandler {
  var remaining = 100
  var isTiming = false

  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    while remaining > 0, !connection.isOutputFull, let end = input.firstIndex(of: UInt8(ascii: "\n")) {
      connection.write(input.read(end + 1))
      remaining -= 1
      if !isTiming { connection.setTimeout(.seconds(1)) }
      isTiming = true
    }
    connection.isReadingPaused = remaining == 0
    return input.count > 65_536 && remaining > 0 && !connection.isOutputFull ? .close : .none
  }
  mutating func timedOut(_ connection: inout Connection) -> Action {
    (remaining, isTiming) = (100, false)
    connection.wake()  // lines may be left
    return .none
  }
}

/// Asks for a job until there is one.
struct Poll: ConnectionHandler, ~Copyable {
  let nextJob: @Sendable () -> [UInt8]?
  var timer: LoopTimer?

  init(_ nextJob: @escaping @Sendable () -> [UInt8]?) { self.nextJob = nextJob }

  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    input.removeAll()
    timer = nil
    if let job = nextJob() {
      connection.write(job)
    } else {
      let handle = connection.handle
      timer = connection.loop.schedule(after: .seconds(1)) { handle.wake() }
    }
    return .none
  }
}

final class Cache {
  var answers: [[UInt8]: [UInt8]] = [:]
}

let cache = LoopLocal { _ in Cache() }

struct Cached: ConnectionHandler {
  let cache: Cache

  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    let request = input.readAll()
    let known = cache.answers[request]
    let result = known ?? answer(to: request)
    if known == nil, cache.answers.count < 1000 { cache.answers[request] = result }
    connection.write(result)
    return .none
  }
}

let cachedAnswers = Service(perLoop: cache) { _, cache in Cached(cache: cache) }

/// Empties the caches at intervals.
func emptyCaches(of server: Server, every interval: Duration) {
  for loop in server.loops {
    loop.every(interval) { cache.withState { $0.answers.removeAll() } }.keep()
  }
}

struct Finishing: ConnectionHandler {
  var isInTheMiddle = false

  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    while !connection.isOutputFull, let end = input.firstIndex(of: UInt8(ascii: "\n")) {
      connection.write(input.read(end + 1))
    }
    isInTheMiddle = !input.isEmpty
    return connection.isShuttingDown && !isInTheMiddle ? .close : .none
  }
  mutating func shuttingDown(_ connection: inout Connection) -> Action {
    isInTheMiddle ? .none : .close
  }
}

let lines = Service(async: { connection in
  try await connection.write("ready\n")
  for try await line in connection.frames(LineCodec(maximumFrameLength: 4096)) {
    if line.elementsEqual("quit".utf8) { return }
    try await connection.write(answer(to: line) + [UInt8(ascii: "\n")])
  }
})
