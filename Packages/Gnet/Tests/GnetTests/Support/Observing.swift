import RingBuffer
import Synchronization
import Testing

@testable import Gnet

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// Something to count objects by.
final class EventCounter: Sendable {
  private let storage = Atomic<Int>(0)
  var value: Int { storage.load(ordering: .acquiring) }
  func add() { storage.add(1, ordering: .acquiringAndReleasing) }
}

/// A door that holds callbacks up until a test opens it.
final class Gate: Sendable {
  private let isOpen = Atomic<Bool>(false)
  func open() { isOpen.store(true, ordering: .releasing) }

  /// Waits until the gate is open, at most ten seconds.
  func pass() {
    let deadline = ContinuousClock.now + .seconds(10)
    while !isOpen.load(ordering: .acquiring) && ContinuousClock.now < deadline { _ = poll(nil, 0, 1) }
  }
}

extension RingBuffer {
  /// What is unread, as text.
  var text: String {
    var bytes: [UInt8] = []
    for offset in 0..<count { bytes.append(self[offset]) }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Takes what is unread, as text.
  mutating func readText() -> String { String(decoding: readAll(), as: UTF8.self) }
}

/// Fails the test if a loop of `server` keeps turning while there is nothing to do.
func expectIdle(_ server: TestServer, sourceLocation: SourceLocation = #_sourceLocation) throws {
  func polls() -> [UInt64] { server.server.loops.map { $0.statistics.polls } }
  // What the test has caused may still be on its way for some turns.
  for _ in 0..<20 {
    let before = polls()
    _ = poll(nil, 0, 20)
    if zip(before, polls()).allSatisfy({ $1 - $0 <= 1 }) { return }
  }
  Issue.record("a loop turns without need", sourceLocation: sourceLocation)
}

/// The calling thread, to be compared with another.
func currentThread() -> UInt {
  unsafe UInt(bitPattern: UnsafeRawPointer(bitPattern: pthread_self()))
}

/// Keeps a detached connection for a test.
final class DetachedBox: Sendable {
  private let stored = Lock<DetachedConnection?>(nil)

  var isEmpty: Bool { stored.withLock { $0 == nil } }

  func put(_ connection: consuming DetachedConnection) {
    var connection: DetachedConnection? = connection
    stored.withLock { $0 = connection.take() }
  }

  /// Waits for a connection and hands it out.
  func take() throws -> DetachedConnection {
    try require("a connection is detached") { !self.isEmpty }
    return stored.withLock { $0.take()! }
  }
}

/// A server of streams in one of the ways there are to run it.
struct StreamSetup: Sendable, CustomTestStringConvertible {
  let transport: StreamTransport
  let loopCount: Int
  var reusePort = false
  var loadBalancing = LoadBalancing.roundRobin

  var testDescription: String {
    "\(transport), \(loopCount) loops\(reusePort ? ", reuseport" : ""), \(loadBalancing)"
  }

  var address: String { transport.address() + (reusePort ? "?reuseport=true" : "") }

  var options: Options {
    var options = Options()
    options.loopCount = loopCount
    options.loadBalancing = loadBalancing
    return options
  }

  static let all: [StreamSetup] =
    [1, 3].flatMap { loopCount in
      StreamTransport.allCases.map { StreamSetup(transport: $0, loopCount: loopCount) } + [
        StreamSetup(transport: .tcp4, loopCount: loopCount, reusePort: true)
      ]
    } + [
      StreamSetup(transport: .tcp4, loopCount: 3, loadBalancing: .leastConnections),
      StreamSetup(transport: .unix, loopCount: 3, loadBalancing: .sourceAddressHash),
    ]
}

/// Bytes that show a swap, a loss or a repetition: they repeat after a prime number of places.
func patternBytes(_ count: Int) -> [UInt8] {
  var bytes: [UInt8] = []
  bytes.reserveCapacity(count)
  while bytes.count < count { bytes += patternPeriod.prefix(count - bytes.count) }
  return bytes
}

private let patternPeriod = (0..<65521).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
