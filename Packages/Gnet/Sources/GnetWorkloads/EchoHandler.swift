import Gnet
import GnetTesting

/// A handler that echoes, and does whatever else handlers may do, at random.
struct EchoHandler: ConnectionHandler {
  private let tally: EchoTally
  private let record: EchoRecord
  private var hasOpened = false
  private var hasReacted = false
  private var ledger: Ledger { tally.ledger }

  init(_ tally: EchoTally, _ record: EchoRecord) {
    self.tally = tally
    self.record = record
  }

  private func require(_ holds: Bool, _ text: @autoclosure () -> String) {
    ledger.require(holds, "\(record.address): \(text())")
  }

  mutating func opened(_ connection: inout Connection) -> Action {
    require(!hasOpened, "opened was called twice")
    require(
      record.phase == .made || record.isHandedOver || record.phase == .open, "opened in the phase \(record.phase)")
    hasOpened = true
    record.phase = .open
    record.isHandedOver = false
    record.handle = connection.handle
    return act(&connection)
  }

  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    checkOpen("react")
    checkFullness(connection)
    // Bytes that came with the header of the PROXY protocol are offered once, also in a pause.
    if connection.isReadingPaused && !connection.isInputEnded && !record.isWoken && hasReacted {
      record.isOfferedInPause = true
    }
    hasReacted = true
    if connection.isInputEnded && holds(connection) { return .none }
    if ledger.happens(tally.mischief / 20) {
      // Nothing is read: the successor is offered all of it.
      record.hasLeftInput = false
      record.isWoken = true
      connection.become(tally.service(record))
      return .none
    }
    echo(&connection, &input)
    checkBounds(connection)
    if connection.isInputEnded { return input.isEmpty ? .close : .none }
    return act(&connection)
  }

  /// Leaves the last bytes where they are, and pauses: only the end of the peer ends the connection then.
  private func holds(_ connection: borrowing Connection) -> Bool {
    guard record.isPausedForGood || !tally.isFinishing && ledger.happens(tally.mischief) else { return false }
    record.hasLeftInput = true
    record.isPausedForGood = true
    record.isHeldAtEnd = true
    connection.isReadingPaused = true
    return true
  }

  /// Echoes some of the input, all of it at the end of the stream.
  private mutating func echo(_ connection: inout Connection, _ input: inout RingBuffer) {
    let isLast = connection.isInputEnded
    var rest = isLast || !ledger.happens(tally.partiality) ? input.count : ledger.below(input.count + 1)
    while rest > 0, !connection.isOutputFull {
      var limit = min(rest, tally.options.readBufferCapacity)
      if record.layers.upgrades, let mark = input.firstIndex(of: FilteredPeer.upgradeMark) {
        if mark == 0 { return upgrade(&connection, &input) }
        limit = min(limit, mark)
      }
      let bytes = input.read(isLast ? limit : ledger.number(in: 1...limit))
      require(Pattern.matches(bytes, from: record.consumedCount), "other bytes arrived than were sent")
      record.consumedCount += bytes.count
      rest -= bytes.count
      connection.write(bytes)
      if !record.isOutputEnded && !record.isAborted { record.writtenCount += bytes.count }
    }
    record.hasLeftInput = !input.isEmpty && !connection.isOutputFull
    if record.hasLeftInput { wakeLater(connection) }
  }

  /// Begins with another filter, which all bytes behind the mark are for.
  private mutating func upgrade(_ connection: inout Connection, _ input: inout RingBuffer) {
    input.discard(1)
    record.hasLeftInput = false
    if record.isOutputEnded {
      record.isEndOfPeer = false
      return connection.close()
    }
    connection.write([FilteredPeer.upgradeMark])
    connection.addFilter(record.layers.serverFraming)
    // Bytes that come along with the end of the handshake wait then.
    if ledger.happens(0.3) { pause(connection, upTo: .seconds(2)) }
  }

  /// Comes back to the bytes that were left: in the next turn, or when another thread says so.
  private func wakeLater(_ connection: borrowing Connection) {
    record.isWoken = true
    if ledger.happens(0.5) { return connection.wake() }
    let (handle, record) = (connection.handle, record)
    ledger.simulation.schedule(after: ledger.duration(upTo: .milliseconds(50))) {
      record.isWoken = true
      handle.wake()
    }
  }

  /// Checks that output is not full; what filters add does not count.
  private func checkFullness(_ connection: borrowing Connection) {
    if record.layers.canAddBytes { return }
    require(
      connection.pendingWriteCount < max(1, tally.options.outboundHighWatermark),
      "react with \(connection.pendingWriteCount) bytes of output pending")
  }

  private func checkBounds(_ connection: borrowing Connection) {
    var limit = tally.options.outboundHighWatermark + tally.options.readBufferCapacity
    // A frame has a byte more than its bytes, and there are replies.
    if record.layers.canAddBytes { limit = 2 * limit + 100 }
    require(
      connection.pendingWriteCount <= limit, "\(connection.pendingWriteCount) bytes are pending, more than \(limit)")
  }

  private func checkOpen(_ callback: String) {
    require(record.phase == .open && hasOpened, "\(callback) in the phase \(record.phase)")
  }

  /// Does something, or nothing.
  private mutating func act(_ connection: inout Connection) -> Action {
    guard ledger.happens(tally.mischief) else { return .none }
    switch ledger.below(16) {
    case 0:
      record.isEndOfPeer = false
      return .close
    case 1:
      record.isEndOfPeer = false
      return .detach
    case 2, 3: pause(connection, upTo: .milliseconds(500))
    case 4, 5, 6: connection.setTimeout(ledger.happens(0.3) ? nil : ledger.duration(upTo: .seconds(1)))
    case 7:
      record.isWoken = true
      connection.become(tally.service(record))
    case 8:
      connection.endOutput()
      record.isOutputEnded = true
    case 9:
      if ledger.happens(0.3) {
        connection.abort()
        record.isAborted = true
      }
    case 10:
      if ledger.happens(0.1) {
        tally.isShutDown = true
        return .shutdown
      }
    case 11:
      record.isWoken = true
      connection.wake()
    case 12: callLater(connection)
    case 13: tally.checkGone()
    case 14:
      if !tally.isFinishing && ledger.happens(0.2) {
        record.isPausedForGood = true
        connection.isReadingPaused = true
      }
    default:
      record.isEndOfPeer = false
      connection.close()
    }
    return .none
  }

  private func pause(_ connection: borrowing Connection, upTo limit: Duration) {
    connection.isReadingPaused = true
    let (handle, ledger) = (connection.handle, ledger)
    ledger.simulation.schedule(after: ledger.duration(upTo: limit)) {
      handle.perform { connection in
        connection.isReadingPaused = false
        if ledger.happens(0.5) { connection.wake() }
        return .none
      }
    }
  }

  private func callLater(_ connection: borrowing Connection) {
    let (handle, record, choice) = (connection.handle, record, ledger.below(4))
    ledger.simulation.schedule(after: ledger.duration(upTo: .milliseconds(100))) {
      if choice < 3 { record.isEndOfPeer = false }
      switch choice {
      case 0: handle.close()
      case 1: handle.abort()
      case 2: handle.perform { _ in .close }
      default:
        record.isWoken = true
        handle.wake()
      }
    }
  }

  mutating func drained(_ connection: inout Connection) -> Action {
    checkOpen("drained")
    record.isWoken = true
    require(!connection.isOutputFull, "drained with full output")
    return act(&connection)
  }

  mutating func timedOut(_ connection: inout Connection) -> Action {
    checkOpen("timedOut")
    if ledger.happens(0.7) { return .none }
    record.isEndOfPeer = false
    return .close
  }

  mutating func shuttingDown(_ connection: inout Connection) -> Action {
    checkOpen("shuttingDown")
    require(connection.isShuttingDown, "shuttingDown before the shutdown")
    if ledger.happens(0.5) { return .none }
    record.isEndOfPeer = false
    return .close
  }

  consuming func closed(_ connection: inout Connection, _ error: (any Error)?) {
    require(record.phase == .open, "closed in the phase \(record.phase)")
    record.phase = .ended
    record.error = error
    if record.isAborted { require(error != nil, "an aborted connection ended in order") }
    if let framing = connection.filter(FramingFilter.self) {
      require(!framing.hasFailed || error is FramingFilter.Failure, "the error of a filter is told as \(error as Any)")
      record.endsDuringHandshake = !framing.isEstablished
      framing.markGone()
    }
    require(connection.handle.write([0]) == false, "a handle takes bytes after the end")
  }

  consuming func detached(_ connection: inout Connection, _ detached: consuming DetachedConnection) {
    require(record.phase == .open, "detached in the phase \(record.phase)")
    record.phase = .detached
    record.handle = nil
    tally.take(detached, record)
  }
}
