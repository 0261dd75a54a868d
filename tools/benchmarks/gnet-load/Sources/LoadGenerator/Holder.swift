internal import CLoad

/// Opens connections and keeps them, so that the server's memory can be measured.
public final class Holder {
  private let target: Target
  private var streams: [Stream] = []

  /// Opens `count` connections.
  public init(_ target: Target, count: Int) throws(LoadError) {
    if target.isDatagram { throw LoadError("datagrams have no connections to hold") }
    if !(1...1_000_000).contains(count) { throw LoadError("1 to 1,000,000 connections are possible") }
    let limit = cload_raise_file_limit()
    if limit < Int64(count + 16) {
      throw LoadError("\(count) connections need more open files than the \(limit) allowed; see ulimit -n")
    }
    self.target = target
    for number in 0..<count {
      streams.append(try target.connect(source: Int32(number / 20_000)))
      try establish(streams[number])
    }
  }

  deinit { close() }

  /// Completes the handshake of TLS.
  private func establish(_ stream: Stream) throws(LoadError) {
    while case let result = stream.handshake(), result < 0 {
      if !Stream.isTemporary(result) { throw LoadError("the handshake with \(target)", result) }
      try wait(for: stream)
    }
  }

  private func wait(for stream: Stream) throws(LoadError) {
    if !Platform.waitForInput(stream.fd, milliseconds: 10_000) {
      throw LoadError("\(target) sent no reply for 10 seconds")
    }
  }

  /// Has every connection, one after the other, echo `size` bytes. Checks every byte.
  public func echo(_ size: Int) throws(LoadError) {
    let pattern = Pattern.noise(reach: max(size, 1))
    let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: max(size, 1))
    defer { buffer.deallocate() }
    for (index, stream) in streams.enumerated() {
      let origin = index * 7919 % pattern.period
      var (sent, received) = (0, 0)
      while received < size {
        if sent < size {
          let result = stream.send(pattern.bytes + origin + sent, size - sent)
          if result < 0, !Stream.isTemporary(result) { throw LoadError("sending to \(target)", result) }
          sent += max(0, result)
        }
        let result = stream.receive(buffer + received, size - received)
        if result == 0 { throw LoadError("\(target) closed connection \(index)") }
        if result == Platform.wouldBlock {
          try wait(for: stream)
        } else if result < 0 {
          throw LoadError("receiving from \(target)", result)
        }
        received += max(0, result)
      }
      if let wrong = pattern.mismatch(buffer, size, at: origin) {
        throw LoadError("\(target) sent a wrong byte on connection \(index): byte \(wrong)")
      }
    }
  }

  /// Closes them all.
  public func close() {
    for index in streams.indices { streams[index].close() }
    streams = []
  }
}
