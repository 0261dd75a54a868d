/// The state of a connection, in a table that never moves.
struct Connection {
  var stream = Stream()

  /// Whether the kernel was asked to tell of room for output.
  var wantsOutput = false

  /// Where the replies of this connection begin, in their pattern.
  var origin = 0

  /// Where in its pattern the next byte to send, and the next to receive, is.
  var sendPosition = 0
  var receivePosition = 0

  /// Bytes of requests that the kernel has not taken.
  var unsent = 0

  /// Bytes of the reply that is arriving.
  var partial = 0

  /// Requests made and answered (or given up) so far; datagrams are told apart by their number.
  var made = 0
  var answered = 0

  /// When the last reply came, or the oldest request under way was made.
  var lastSign: Int64 = 0

  /// Open pace: requests that are due and wait for one of those under way.
  var overdue = 0

  /// How many requests are under way.
  var underWay: Int { made - answered }
}
