/// The parameters of a run.
public struct Plan: Sendable {
  /// The exchange of a request and its reply.
  public enum Exchange: Sendable, Hashable {
    /// `size` bytes, to come back as they are.
    case echo(size: Int)

    /// `GET path`, to be answered with 200 and this body.
    case http(path: String, body: String)

    /// `POST path` with `size` bytes, to be answered with 200 and their number.
    case post(path: String, size: Int)

    /// A WebSocket at `path`: binary messages of `size` bytes, to come back as they are.
    case webSocket(path: String, size: Int)

    /// `SET` of a value of `size` bytes.
    case redisSet(size: Int)

    /// `GET` of a value of `size` bytes, which is set beforehand.
    case redisGet(size: Int)
  }

  /// The time at which a connection sends its next request.
  public enum Pace: Sendable, Hashable {
    /// After a reply.
    case closed

    /// After all replies of all connections: the server finds the same amount of work each time.
    case lockstep

    /// At a fixed rate, in requests per second over all connections.
    case open(rate: Double)

    /// On a connection of its own, which is closed after the reply and followed by the next.
    case reconnect
  }

  /// The server.
  public var target: Target
  /// The exchange of a request and its reply.
  public var exchange: Exchange
  /// The time at which the next request is sent.
  public var pace = Pace.closed
  /// The number of connections that are open at a time.
  public var connections = 1
  /// The number of requests that a connection may have under way.
  public var pipeline = 1
  /// Whether connections over TLS resume the newest session that the server has given; it has to accept that.
  public var resumes = false
  /// Whether the datagrams that are due on a socket leave with one call, for the system to take apart.
  public var isSegmented = false
  /// The time to measure, in seconds, unless `requestLimit` ends the run.
  public var duration = 1.0
  /// The time to run before measuring, in seconds.
  public var warmUp = 0.0
  /// The number of requests to send; no limit if `nil`.
  public var requestLimit: Int?
  /// The process whose processor time is to be taken along.
  public var serverProcess: Int32?
  /// The time without a reply after which the run fails, in seconds.
  public var patience = 10.0

  /// A plan with one connection and one request at a time for a second.
  public init(target: Target, exchange: Exchange) {
    self.target = target
    self.exchange = exchange
  }

  /// Refuses parameters that make no sense or do not fit.
  public func validate() throws(LoadError) {
    let greatest = target.isDatagram ? 65507 : 1 << 20
    switch exchange {
    case .echo(let size), .redisSet(let size), .redisGet(let size), .post(_, let size), .webSocket(_, let size):
      if !(1...greatest).contains(size) { throw LoadError("a size from 1 to \(greatest) bytes is needed, not \(size)") }
    case .http: break
    }
    switch exchange {
    case .http(let path, _), .post(let path, _), .webSocket(let path, _):
      if !path.hasPrefix("/") || path.utf8.contains(where: { $0 <= 32 || $0 >= 127 }) {
        throw LoadError("\(path) is not a path")
      }
    case .echo, .redisSet, .redisGet: break
    }
    if target.isDatagram {
      guard case .echo = exchange else { throw LoadError("only an echo can be asked of datagrams") }
      if pace == .reconnect { throw LoadError("datagrams have no connections to open and close") }
    }
    if isSegmented {
      guard target.isDatagram, case .echo(1...1452) = exchange else {
        throw LoadError("only datagrams of up to 1,452 bytes can be sent together")
      }
    }
    if resumes, !target.isEncrypted || pace != .reconnect {
      throw LoadError("only connections over TLS that follow each other can be resumed")
    }
    if !(1...1_000_000).contains(connections) { throw LoadError("1 to 1,000,000 connections are possible") }
    if !(1...65536).contains(pipeline) { throw LoadError("1 to 65,536 requests can be under way on a connection") }
    if pace == .reconnect, pipeline != 1 { throw LoadError("a connection for one request has no pipeline") }
    if case .open(let rate) = pace, !(rate > 0 && rate <= 1e8) { throw LoadError("the rate must be above 0") }
    if !(duration > 0 && duration <= 86400) { throw LoadError("a duration above 0 and up to a day is needed") }
    if !(warmUp >= 0 && warmUp <= 3600) { throw LoadError("a warm-up of 0 to 3,600 seconds is possible") }
    if !(patience > 0) { throw LoadError("some patience is needed") }
    if let requestLimit, requestLimit < 1 { throw LoadError("at least 1 request is needed") }
    if requestLimit != nil, warmUp > 0 { throw LoadError("a number of requests and a warm-up exclude each other") }
  }
}
