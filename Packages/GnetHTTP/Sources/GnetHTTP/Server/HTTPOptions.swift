public import Gnet
public import Logging

/// The settings of an HTTP service. The defaults suit most servers.
public struct HTTPOptions: Sendable {
  /// Creates the default options.
  public init() {}

  /// The limits of requests.
  public var limits = HTTPLimits()

  /// The time from the first byte of a request to its last; more is `408 Request Timeout`. `nil`: any time.
  ///
  /// For a body that is streamed to the handler, the time starts anew with each part. Time in which the handler holds the
  /// body up, and in which requests wait because the client does not take answers, does not count.
  public var requestTimeout: Duration? = .seconds(10)

  /// The field `Server` of every answer; `nil`: none.
  public var serverName: String?

  /// The most connections of a loop; `nil`: any number. When there are more, the least active connection that waits for no
  /// answer is closed for the new one: idle clients keep nobody out.
  public var connectionLimit: Int?

  /// The log of errors that handlers throw; `nil`: nowhere.
  public var logger: Logger?
}

extension Options {
  /// The options for a server of HTTP: a client that ends its stream behind its request still gets the answer, and a
  /// connection is closed after 75 idle seconds.
  public static var http: Options {
    var options = Options()
    options.allowHalfClosure = true
    options.idleTimeout = .seconds(75)
    return options
  }
}
