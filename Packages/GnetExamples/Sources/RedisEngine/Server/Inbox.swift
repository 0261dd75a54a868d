internal import Gnet
internal import RingBuffer
internal import Synchronization

/// The published messages on their way to a subscriber's loop. Every publisher appends here, so that all subscribers of a
/// channel receive its messages in one order.
final class Inbox: Sendable {
  /// The most bytes that wait for a subscriber, the limit of redis. A subscriber with more is disconnected.
  static let limit = 32 << 20

  private let messages = Mutex(RingBuffer())

  /// Appends a message for a client. Its loop is told of the first message.
  ///
  /// - Parameter message: an array in RESP2, without the sign in front, which differs in RESP3.
  func add(_ message: [UInt8], for client: Client) {
    let sign = client.modes.contains(.resp3) ? UInt8(ascii: ">") : UInt8(ascii: "*")
    let (isFirst, byteCount) = messages.withLock { messages in
      let isFirst = messages.isEmpty
      messages.writeByte(sign)
      messages.write(message)
      return (isFirst, messages.count)
    }
    if byteCount > Self.limit {
      client.handle?.abort()
    } else if isFirst {
      client.handle?.perform { [self] connection in
        take(into: &connection)
        return .none
      }
    }
  }

  private func take(into connection: inout Connection) {
    messages.withLock { connection.write(moving: &$0) }
    if connection.pendingWriteCount > Self.limit { connection.abort() }
  }

  /// Moves the messages into the answers of their client, for a command that must not overtake them.
  func take(into reply: inout ReplyBuffer) { messages.withLock { reply.append(moving: &$0) } }
}
