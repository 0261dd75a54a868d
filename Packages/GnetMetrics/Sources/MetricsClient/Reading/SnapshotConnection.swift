internal import GnetMetrics
internal import SystemPackage

/// The reading of one socket: connects, receives to the end of the stream, decodes.
final class SnapshotConnection {
  /// The most bytes of a snapshot: that of thousands of loops is smaller.
  private static let lengthLimit = 16 << 20

  private let path: String
  private var socket: UnixSocket?
  private var bytes: [UInt8] = []
  private(set) var isConnected = false
  /// The outcome; `nil` as long as reading goes on.
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

  /// The descriptor to wait for; -1 once reading has ended.
  var fd: Int32 { socket?.fd ?? -1 }

  /// Ends reading with a failure, unless it has ended.
  func giveUp(_ failure: ReadingFailure) {
    if outcome == nil { end(.failure(failure)) }
  }

  /// Reads on, as far as that is possible without waiting.
  func advance() {
    do throws(Errno) {
      if !isConnected {
        guard case .done? = try socket?.connect(to: path) else { return }
        isConnected = true
      }
      try receive()
    } catch .connectionRefused where Platform.isOtherThanSocket(path) {
      giveUp(.noSocket)
    } catch {
      giveUp(.system(error))
    }
  }

  private func receive() throws(Errno) {
    while outcome == nil {
      guard let chunk = try receiveChunk() else { return }
      if chunk.isEmpty { return end(decode()) }
      bytes += chunk
      if bytes.count > Self.lengthLimit { return giveUp(.tooLong(limit: Self.lengthLimit)) }
    }
  }

  /// The next bytes, none at the end of the stream; `nil` if nothing has arrived yet.
  private func receiveChunk() throws(Errno) -> [UInt8]? {
    var result: Result<UnixSocket.Progress?, Errno> = .success(nil)
    let chunk = unsafe [UInt8](unsafeUninitializedCapacity: 65536) { buffer, count in
      do throws(Errno) {
        let progress = try unsafe socket?.receive(into: UnsafeMutableRawBufferPointer(buffer))
        if case .done(let received)? = progress { count = received }
        result = .success(progress)
      } catch {
        result = .failure(error)
      }
    }
    if case .done? = try result.get() { return chunk }
    return nil
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
