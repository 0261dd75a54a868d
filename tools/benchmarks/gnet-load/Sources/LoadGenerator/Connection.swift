/// The state of a connection, in a table that never moves.
struct Connection {
  var stream = Stream()

  /// Whether the kernel was asked to report that the socket is writable.
  var wantsOutput = false

  /// The position in the pattern of replies where this connection begins.
  var origin = 0

  /// The positions of the next byte to send, and of the next byte to receive, in their patterns.
  var sendPosition = 0
  var receivePosition = 0

  /// Bytes of requests that the kernel has not taken.
  var unsent = 0

  /// Bytes of the reply that is arriving.
  var partial = 0

  /// Requests made and answered (or given up) so far; datagrams are told apart by their number.
  var made = 0
  var answered = 0

  /// The time of the last reply, or of the oldest request under way.
  var lastSign: Int64 = 0

  /// Open pace: requests that are due and wait for one of those under way.
  var overdue = 0

  /// The number of requests under way.
  var underWay: Int { made - answered }
}
