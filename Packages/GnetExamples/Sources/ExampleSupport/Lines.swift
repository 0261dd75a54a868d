public import Gnet
internal import GnetCodecs

extension Events {
  /// Calls `body` with each line that arrives, without its LF or CR LF, until it returns an action.
  ///
  /// Later lines stay unread then. A line of more than `maximum` bytes is answered with an error and closes the
  /// connection.
  public mutating func onLine(maximum: Int = 4096, _ body: @escaping @Sendable (inout Connection, [UInt8]) -> Action) {
    let codec = LineCodec(maximumFrameLength: maximum)
    react = { connection, input in
      do {
        while let line = try codec.decode(from: &input) {
          let action = body(&connection, line)
          if action != .none { return action }
        }
        return .none
      } catch {
        connection.write("error: a line may have at most \(maximum) bytes\n")
        return .close
      }
    }
  }
}
