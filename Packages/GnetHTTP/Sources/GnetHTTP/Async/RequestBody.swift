/// The body of a request, as it arrives.
///
/// At most 64 KiB are received ahead while nobody asks; more is left to the kernel. Only a single task may read. The
/// rest is dropped when the answer is given; a long rest closes the connection.
public struct RequestBody: AsyncSequence, Sendable {
  /// The channel; `nil` if the request has no body.
  private let channel: BodyChannel?

  init(_ channel: BodyChannel?) { self.channel = channel }

  /// Makes an iterator over the parts of the body, each of at least one byte.
  public func makeAsyncIterator() -> Iterator { Iterator(channel: channel) }

  /// The parts of a body.
  public struct Iterator: AsyncIteratorProtocol {
    let channel: BodyChannel?

    /// Waits for the next part; `nil` at the end of the body.
    ///
    /// - Throws: what has ended the connection, or a ``Refusal`` of a malformed body.
    public mutating func next() async throws -> [UInt8]? { try await channel?.next() ?? nil }
  }

  /// The whole body.
  ///
  /// - Parameter limit: the most bytes; more is the ``Refusal`` `413 Content Too Large`. `HTTPLimits.body` holds in any
  ///   case.
  public func collect(upTo limit: Int) async throws -> [UInt8] {
    var body: [UInt8] = []
    for try await part in self {
      if part.count > limit - body.count { throw Refusal.bodyTooLarge }
      if body.isEmpty { body = part } else { body += part }
    }
    return body
  }
}
