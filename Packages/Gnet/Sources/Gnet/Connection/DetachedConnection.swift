public import SystemPackage

/// A connection that has left its server: a descriptor in blocking mode, and what had arrived but was not read.
///
/// Dropping it closes the descriptor. It may be used from any thread; reading and writing may be done by two
/// threads at once.
public struct DetachedConnection: ~Copyable, Sendable {
  private let socket: OwnedSocket

  /// The bytes that had arrived before the detaching and were not consumed by `react`. ``read(upTo:)`` does not repeat it.
  public let unreadBytes: [UInt8]

  /// Whether the server has ended the output (``Connection/endOutput()``): ``write(_:)`` throws `Errno.brokenPipe`.
  public let isOutputEnded: Bool

  private let system: any SystemCalls

  init(_ socket: consuming OwnedSocket, unreadBytes: [UInt8], isOutputEnded: Bool, system: any SystemCalls) {
    assert(socket.fd >= 0, "a connection is handed over without its descriptor")
    self.socket = socket
    self.system = system
    self.unreadBytes = unreadBytes
    self.isOutputEnded = isOutputEnded
  }

  /// Waits for bytes. Corresponds to `recv(2)`.
  ///
  /// - Returns: at least one byte and at most `count`; none at the end of the stream.
  public func read(upTo count: Int) throws(Errno) -> [UInt8] {
    precondition(count >= 0, "a count cannot be negative")
    if count == 0 { return [] }
    var failure: Errno?
    let fd = socket.fd
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      switch unsafe system.receiving(fd, into: UnsafeMutableRawBufferPointer(buffer)) {
      case .moved(let received): filled = received
      case .wouldBlock: failure = .wouldBlock
      case .failed(let error): failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// Writes all bytes, waiting as long as it takes. Corresponds to `send(2)`.
  public func write(_ bytes: [UInt8]) throws(Errno) {
    var sent = 0
    while sent < bytes.count {
      let transfer = unsafe bytes.withUnsafeBytes {
        unsafe system.sending(
          socket.fd, UnsafeRawBufferPointer(rebasing: $0[sent...]), UnsafeRawBufferPointer(start: nil, count: 0))
      }
      switch transfer {
      case .moved(let count): sent += count
      case .wouldBlock: throw .wouldBlock
      case .failed(let error): throw error
      }
    }
    assert(sent == bytes.count)
  }

  /// Closes the descriptor. Corresponds to `close(2)`.
  public consuming func close() throws(Errno) {
    let system = system
    try system.checked(system.close(release().rawValue))
  }

  /// Gives the descriptor to the caller, who closes it.
  public consuming func release() -> FileDescriptor {
    FileDescriptor(rawValue: socket.release())
  }
}
