import Gnet
import GnetTesting
import Synchronization

/// Handles that other threads use: several producers write numbered records to several connections, and post jobs, while the
/// connections come and go.
///
/// Checked are: the order of each producer's bytes and calls, nothing that was taken is lost, nothing is taken after the end.
final class CallsWorkload {
  private let ledger: Ledger
  private var simulation: Simulation { ledger.simulation }
  private let options: Options
  private var handles: [ConnectionHandle] = []
  private var streams: [Stream] = []

  /// A connection that is written to from outside.
  // Unchecked: a simulation stays on one thread.
  private final class Stream: @unchecked Sendable {
    var handle: ConnectionHandle?
    var takenCount = 0
    var receivedCount = 0
    var performed: [Int] = []
    var performCount = 0
    var hasEnded = false
    var endsInOrder = false
    var hasAborted = false
    /// Whether anybody has asked for the end in order.
    var isClosing = false
    var peer: SimulatedPeer?
  }

  init(_ ledger: Ledger) {
    self.ledger = ledger
    ledger.simulation.drawFaults()
    options = ledger.drawOptions()
  }

  func run() throws {
    let (ledger, simulation) = (ledger, simulation)
    var found: [SocketAddress: Stream] = [:]
    let place = Box<[SocketAddress: Stream]>(found)
    var events = Events()
    events.onOpened = { connection in
      if let stream = place.value[connection.remoteAddress] { stream.handle = connection.handle }
      return .none
    }
    events.react = { connection, input in
      input.removeAll()
      return connection.isInputEnded ? .close : .none
    }
    events.onClosed = { connection, error in
      guard let stream = place.value[connection.remoteAddress] else { return .none }
      ledger.require(!stream.hasEnded, "a connection is closed twice")
      stream.hasEnded = true
      stream.endsInOrder = error == nil
      return .none
    }
    let server = ledger.start([Listener("tcp://:7000", Service(events))], options)
    for _ in 0..<ledger.number(in: 1...5) {
      let stream = Stream()
      let peer = simulation.connect(to: server.addresses[0])
      stream.peer = peer
      if ledger.happens(0.3) { peer.isReadingPaused = true }
      found[peer.address] = stream
      streams.append(stream)
    }
    place.value = found
    let length = Duration.milliseconds(ledger.element(of: [5, 200, 2000]))
    for _ in 0..<ledger.number(in: 1...60) {
      simulation.schedule(after: ledger.duration(upTo: length)) { [self] in call() }
    }
    if ledger.happens(0.15) { floodWithJobs(server, after: ledger.duration(upTo: length)) }
    if ledger.happens(0.2) { simulation.schedule(after: ledger.duration(upTo: length)) { server.shutdown() } }
    ledger.scheduleOutages(of: simulation.localhost, within: length)
    try ledger.run(for: length)
    simulation.endFaults()
    for stream in streams {
      stream.isClosing = stream.isClosing || !stream.hasEnded
      stream.peer?.isReadingPaused = false
      stream.peer?.endOutput()
    }
    try ledger.run(
      "the end of all connections",
      until: { [self] in server.connectionCount == 0 && streams.allSatisfy { $0.peer?.isEnded ?? true } },
      within: .seconds(600))
    try ledger.finish(server, options)
    for stream in streams { check(stream) }
    ledger.checkDescriptors()
  }

  /// Makes a call on a handle, as another thread does.
  private func call() {
    let stream = ledger.element(of: streams)
    guard let handle = stream.handle else { return }
    let ledger = ledger
    switch ledger.below(20) {
    case 0..<11:
      // Byte for byte, more would take too many steps.
      let count = min(ledger.element(of: [0, 1, 20, 1000, 30_000]), simulation.network.bufferCapacity * 200)
      let outcome = handle.offer(Pattern.bytes(stream.takenCount..<stream.takenCount + count))
      if outcome == .taken { stream.takenCount += count }
      if stream.hasEnded { ledger.require(outcome == .gone, "a handle takes bytes after the end") }
    case 11..<15:
      let number = stream.performCount
      let isTaken = handle.perform { connection in
        ledger.require(!stream.hasEnded, "perform runs after the end")
        stream.performed.append(number)
        return .none
      }
      if isTaken { stream.performCount += 1 }
    case 15, 16: handle.wake()
    case 17:
      if ledger.happens(0.3) {
        stream.isClosing = true
        handle.close()
      }
    case 18: if ledger.happens(0.1), handle.abort() { stream.hasAborted = true }
    default: stream.peer?.isReadingPaused.toggle()
    }
  }

  /// Posts more jobs at once than the mailbox holds, and more from within.
  private func floodWithJobs(_ server: Server, after delay: Duration) {
    let (ledger, loop) = (ledger, server.loops[0])
    simulation.schedule(after: delay) {
      let (next, count) = (Box(0), ledger.number(in: 900...1600))
      @Sendable func post(_ index: Int) {
        Task(executorPreference: loop) {
          ledger.require(next.value == index, "job \(index) runs when it is the turn of job \(next.value)")
          next.value = index + 1
          // Behind all others, which may still wait in two places.
          if index == 5 { post(count) }
        }
      }
      // One producer: the loop itself.
      Task(executorPreference: loop) { for index in 0..<count { post(index) } }
    }
  }

  private func check(_ stream: Stream) {
    guard let peer = stream.peer else { return }
    let bytes = peer.receive()
    ledger.require(Pattern.matches(bytes, from: 0), "the bytes of a handle arrive in another order")
    ledger.require(
      bytes.count <= stream.takenCount, "\(bytes.count) bytes arrived, \(stream.takenCount) were taken by a handle")
    ledger.require(
      stream.performed == Array(0..<stream.performed.count), "calls run in another order: \(stream.performed)")
    if stream.endsInOrder && peer.isEnded && !peer.wasReset {
      ledger.require(!stream.hasAborted || stream.isClosing, "an aborted connection ended in order")
      ledger.require(
        bytes.count == stream.takenCount,
        "a connection ended in order: \(bytes.count) bytes arrived, \(stream.takenCount) were taken by a handle")
    }
  }
}

/// A value that closures share.
// Unchecked: a simulation stays on one thread.
final class Box<Value>: @unchecked Sendable {
  var value: Value
  init(_ value: Value) { self.value = value }
}
