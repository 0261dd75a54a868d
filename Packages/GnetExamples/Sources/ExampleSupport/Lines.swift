public import Gnet
internal import GnetCodecs
public import RingBuffer

extension Connection {
  /// Calls `body` with each line that has arrived, without its LF or CR LF, until `body` returns an action.
  ///
  /// Later lines stay unread then, and while the output is full. A line of more than `maximum` bytes is answered with an
  /// error and closes the connection.
  ///
  /// - Returns: the answer of a handler's `react`.
  public mutating func forEachLine(
    in input: inout RingBuffer, maximum: Int = 4096, _ body: (inout Connection, [UInt8]) -> Action
  ) -> Action {
    let codec = LineCodec(maximumFrameLength: maximum)
    do {
      return try forEachFrame(of: codec, in: &input) { connection, line in
        body(&connection, unsafe line.withUnsafeBufferPointer { unsafe Array($0) })
      }
    } catch {
      write("error: a line may have at most \(maximum) bytes\n")
      return .close
    }
  }
}
