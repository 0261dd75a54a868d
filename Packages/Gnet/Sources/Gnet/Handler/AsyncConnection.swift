public import GnetFraming
internal import RingBuffer

/// A connection for code that waits: what the body of ``Service/init(async:)`` speaks with.
///
/// Bounded both ways: while nobody reads, the peer is held up, and writing waits while more than
/// `Options.outboundHighWatermark` bytes of output do. It may be used from any task; on the connection's loop, where the
/// body runs, no thread is crossed.
///
/// Reading and writing throw when the connection has ended otherwise than by the end of the peer's stream: an `Errno`,
/// such as `Errno.connectionReset`, what else has ended it, or `CancellationError` when a shutdown has begun and after
/// ``close()``.
public struct AsyncConnection: Sendable {
  private let channel: AsyncChannel

  init(_ channel: AsyncChannel) { self.channel = channel }

  /// The peer's address.
  public var remoteAddress: SocketAddress { channel.remoteAddress }

  /// The handle of the connection.
  public var handle: ConnectionHandle { channel.handle }

  /// Waits for bytes from the peer.
  ///
  /// Only a single task may wait at a time; another is a precondition failure.
  ///
  /// - Returns: all that has arrived, at least one byte; `nil` at the end of the peer's stream, after which the body may
  ///   still write.
  public func read() async throws -> [UInt8]? { try await channel.read() }

  /// Writes bytes to the peer. Waits before, while too much output does already.
  public func write(_ bytes: [UInt8]) async throws { try await channel.write(bytes) }

  /// Writes the text's UTF-8 to the peer.
  public func write(_ text: String) async throws { try await channel.write(Array(text.utf8)) }

  /// Closes the connection when what was written has been sent.
  public func close() { channel.close() }

  /// The frames that a codec finds in the peer's stream. Bytes behind the last whole frame are lost when the iteration
  /// ends.
  public func frames<Codec: FrameCodec>(_ codec: Codec) -> some AsyncSequence<[UInt8], any Error> {
    FrameSequence(connection: self, codec: codec)
  }
}

/// The frames of a connection.
private struct FrameSequence<Codec: FrameCodec>: AsyncSequence {
  let connection: AsyncConnection
  let codec: Codec

  func makeAsyncIterator() -> Iterator { Iterator(connection: connection, codec: codec) }

  struct Iterator: AsyncIteratorProtocol {
    let connection: AsyncConnection
    let codec: Codec
    private let unread = Buffer()

    init(connection: AsyncConnection, codec: Codec) {
      self.connection = connection
      self.codec = codec
    }

    mutating func next() async throws -> [UInt8]? {
      while true {
        if let frame = try codec.decode(from: &unread.ring) { return frame }
        guard let bytes = try await connection.read() else { return nil }
        unread.ring.write(bytes)
      }
    }
  }

  /// The bytes that are not a whole frame yet.
  private final class Buffer {
    var ring = RingBuffer()
  }
}
