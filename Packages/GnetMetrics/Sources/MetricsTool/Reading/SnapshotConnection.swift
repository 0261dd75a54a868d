internal import GnetMetrics
internal import SystemPackage

/// One socket being read: connects, receives to the end of the stream, decodes.
final class SnapshotConnection {
  /// A snapshot of thousands of loops is smaller.
  private static let lengthLimit = 16 << 20

  private let path: String
  private var socket: UnixSocket?
  private var bytes: [UInt8] = []
  private(set) var isConnected = false
  /// The end of it; `nil` as long as it goes on.
  private(set) var outcome: Result<Reading.Received, ReadingFailure>?

  init(to path: String) {
    self.path = path
    do throws(Errno) {
      socket = try UnixSocket()
      advance()
    } catch {
      giveUp(.system(error))
    }
  }

  /// What to wait for; -1 when there is nothing.
  var fd: Int32 { socket?.fd ?? -1 }

  /// Ends it with a failure, unless it has ended.
  func giveUp(_ failure: ReadingFailure) {
    if outcome == nil { end(.failure(failure)) }
  }

  /// Does what can be done without waiting.
  func advance() {
    do throws(Errno) {
      if !isConnected {
        guard case .done? = try socket?.connect(to: path) else { return }
        isConnected = true
      }
      try receive()
    } catch .connectionRefused where UnixSocket.isOtherFile(path) {
      giveUp(.noSocket)
    } catch {
      giveUp(.system(error))
    }
  }

  private func receive() throws(Errno) {
    while outcome == nil {
      let before = bytes.count
      let chunk = 65536
      var progress: UnixSocket.Progress?
      var failure: Errno?
      unsafe bytes.append(addingCapacity: chunk) { room in
        do throws(Errno) {
          unsafe progress = try socket?.receive(into: room)
          if case .done(let count)? = progress { return count }
        } catch { failure = error }
        return 0
      }
      if let failure { throw failure }
      guard case .done(let count)? = progress else { return }
      if count == 0 { return end(decode()) }
      if before + count > Self.lengthLimit { return giveUp(.tooLong(limit: Self.lengthLimit)) }
    }
  }

  private func decode() -> Result<Reading.Received, ReadingFailure> {
    if bytes.isEmpty { return .failure(.silent) }
    do throws(MetricsSnapshotError) {
      return .success(Reading.Received(snapshot: try MetricsSnapshot(decoding: bytes), bytes: bytes))
    } catch {
      return .failure(.unreadable(error))
    }
  }

  private func end(_ outcome: Result<Reading.Received, ReadingFailure>) {
    self.outcome = outcome
    socket = nil
    bytes = []
  }
}

extension [UInt8] {
  /// Makes room for `count` more bytes, and keeps as many of them as `body` says it has filled.
  fileprivate mutating func append(addingCapacity count: Int, _ body: (UnsafeMutableRawBufferPointer) -> Int) {
    let start = self.count
    append(contentsOf: repeatElement(0, count: count))
    let filled = unsafe withUnsafeMutableBytes { unsafe body(UnsafeMutableRawBufferPointer(rebasing: $0[start...])) }
    removeLast(count - filled)
  }
}
