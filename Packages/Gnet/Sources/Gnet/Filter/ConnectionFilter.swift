public import RingBuffer
public import SystemPackage

/// A transformation of one connection's bytes, between the socket and the handler: encryption, compression, a header.
///
/// A filter does no I/O: the loop moves the bytes, and calls the filter on the loop's thread. So a filter can be tested
/// without a connection, byte by byte. Each connection has filters of its own, which a ``Factory`` makes.
///
/// ```swift
/// /// Combines every byte with a key.
/// final class Scrambler: ConnectionFilter {
///   private let key: UInt8
///   init(key: UInt8) { self.key = key }
///
///   func receive(_ network: inout RingBuffer, _ input: inout RingBuffer, reply: inout RingBuffer) -> FilterState {
///     while let byte = network.readByte() { input.writeByte(byte ^ key) }
///     return .established
///   }
///   func send(_ output: inout RingBuffer, _ network: inout RingBuffer) {
///     while let byte = output.readByte() { network.writeByte(byte ^ key) }
///   }
/// }
///
/// let listener = Listener("tcp://:7000", Service { _ in RedisSession() }, filter: { _ in Scrambler(key: 42) })
/// ```
///
/// Calls come in this order: ``start(_:)``, then ``receive(_:_:reply:)`` at once and whenever bytes have arrived. The
/// connection's handler is made, and `opened`, when every filter has answered ``FilterState/established(peer:)`` or
/// ``FilterState/passThrough(peer:)``. From then on there is ``send(_:_:)``. The end of the peer's stream is
/// ``networkEnded()``, that of the own output ``finish(_:)``. A connection that ends before its filter is established calls
/// ``abandoned(_:)``. Nothing is called after a filter has thrown, after ``FilterState/passThrough(peer:)``, and after the
/// connection has ended.
///
/// A filter that throws ends the connection:
///
/// | when | effect |
/// |---|---|
/// | before `opened`, on a listener | nothing is called; counted in ``LoopStatistics/filterFailures`` |
/// | before `opened`, of an outbound connection | `onFailure` gets ``ConnectError/filter(_:reason:)`` |
/// | after `opened` | bytes in `input` are offered to `react`, then `closed` gets the error as it was thrown |
///
/// In all cases the bytes that the filter has written to `network` or `reply` are sent before: an alert reaches the peer.
public protocol ConnectionFilter: AnyObject {
  /// Makes the filter of a connection, on the connection's loop, before the connection's handler is made.
  typealias Factory = @Sendable (FilterContext) throws -> any ConnectionFilter

  /// The time within which the filter has to be established; `nil` for no limit. The default is 10 seconds.
  ///
  /// Asked for once, when the filter begins. When the time has passed, the connection ends; with `Errno.timedOut`, if it was
  /// opened before. For an outbound connection that is not open yet, ``ConnectOptions/timeout`` counts instead.
  var handshakeTimeout: Duration? { get }

  /// Begins: writes the bytes to be sent before all others. The default writes nothing.
  ///
  /// Called once. ``receive(_:_:reply:)`` follows at once, with all bytes that have arrived, which may be none.
  func start(_ network: inout RingBuffer) throws

  /// Takes in bytes from the peer.
  ///
  /// - Parameters:
  ///   - network: all bytes from the peer that the filter has not taken yet. Bytes that it leaves, such as the beginning of
  ///     a message, are in it again the next time, with the bytes that have arrived meanwhile behind them. Nothing else
  ///     bounds these: a filter should throw where a message grows too long.
  ///   - input: the bytes for the handler are to be written here. Other bytes in the buffer do not concern the filter.
  ///   - reply: bytes for the peer are to be written here. They are sent before the output that follows.
  /// - Returns: the state of the filter from now on.
  func receive(_ network: inout RingBuffer, _ input: inout RingBuffer, reply: inout RingBuffer) throws -> FilterState

  /// Takes in bytes from the handler, and writes the bytes to be sent.
  ///
  /// Not called before the filter is established. Bytes that it leaves in `output` wait, and are offered again behind the
  /// next ``receive(_:_:reply:)`` and with the next output: for a filter that has to hear from the peer before.
  func send(_ output: inout RingBuffer, _ network: inout RingBuffer) throws

  /// Takes in that the socket's stream has ended: no more bytes arrive. The default does nothing.
  ///
  /// For a protocol with an end of its own this is the place to throw if that end has not come. Not called after
  /// ``FilterState/ended``.
  func networkEnded() throws

  /// Takes in that the connection has ended before the filter was established, for a reason outside of the filter. The default
  /// does nothing.
  ///
  /// For a filter that counts or reports its failures. Nothing else is called afterwards.
  ///
  /// - Parameter error: `Errno.timedOut` when the time to be established was over, the error of the socket if there was one,
  ///   and `nil` when the program has ended the connection, or the peer has ended it before it sent anything.
  func abandoned(_ error: Errno?)

  /// Writes the bytes that end the output. The default writes nothing.
  ///
  /// Called once, on an orderly end: when the handler has closed the connection or ended its output, and ``send(_:_:)`` has
  /// taken all output. No bytes are sent behind these.
  func finish(_ network: inout RingBuffer)
}

extension ConnectionFilter {
  /// 10 seconds.
  public var handshakeTimeout: Duration? { .seconds(10) }

  /// Writes nothing.
  public func start(_ network: inout RingBuffer) throws {}

  /// Does nothing.
  public func networkEnded() throws {}

  /// Does nothing.
  public func abandoned(_ error: Errno?) {}

  /// Writes nothing.
  public func finish(_ network: inout RingBuffer) {}
}
