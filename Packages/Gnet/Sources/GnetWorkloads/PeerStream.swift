import Gnet
import GnetTesting

/// A scripted peer of a server, as it is or behind filters.
protocol PeerStream: AnyObject {
  /// The address by which the server knows the peer.
  var address: SocketAddress { get }
  /// Whether the peer's connection is one of TCP, where a reset differs from the end of the stream.
  var isTCP: Bool { get }
  var isOpened: Bool { get }
  var isEnded: Bool { get }
  var wasReset: Bool { get }
  var wasRefused: Bool { get }
  var isReadingPaused: Bool { get set }
  /// Whether the stream has ended without the end that its filters have.
  var isTruncated: Bool { get }
  /// Whether a filter that was established has not told its end, or not that it has failed.
  var lacksEnd: Bool { get }
  /// Whether the server must not open the connection, because of what the peer does before.
  var isUnacceptable: Bool { get }
  /// The way in which the peer breaks the rules of its filters, if it does.
  var fault: FilteredPeer.Fault? { get }
  /// Whether the peer has broken a rule, so that an open connection must end with an error.
  var breaksRules: Bool { get }

  func send(_ bytes: [UInt8]) -> Bool
  func receive() -> [UInt8]
  func endOutput()
  func close()
  func reset()
}

extension SimulatedPeer: PeerStream {
  var isTCP: Bool { address.family != .unix }
  var isTruncated: Bool { false }
  var lacksEnd: Bool { false }
  var isUnacceptable: Bool { false }
  var fault: FilteredPeer.Fault? { nil }
  var breaksRules: Bool { false }
}
