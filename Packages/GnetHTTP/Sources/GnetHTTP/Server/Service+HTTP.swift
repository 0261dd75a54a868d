public import Gnet

/// A handler of requests: returns the answer, or the way to it. Called on the connection's loop, when a request's head has
/// arrived.
public typealias RequestHandler = @Sendable (inout Request) -> Response

extension Service {
  /// A service that answers HTTP requests.
  ///
  /// ```swift
  /// let service = Service.http { request in Response("hello, \(request.remoteAddress)\n") }
  /// ```
  ///
  /// - Parameter handler: called on the connection's loop for each request, in their order: for one request at a time on a
  ///   connection. It must not block.
  public static func http(options: HTTPOptions = HTTPOptions(), _ handler: @escaping RequestHandler) -> Service {
    Service(perLoop: { _ in HTTPLoop(options, handler) }) { connection, loop in HTTPSession(&connection, on: loop) }
  }

  /// A service that answers HTTP requests by the routes of a router.
  public static func http(options: HTTPOptions = HTTPOptions(), _ router: Router) -> Service {
    http(options: options, router.handler)
  }

  /// A service that answers HTTP requests with a task per request, which runs on the connection's loop.
  ///
  /// ```swift
  /// let service = Service.http(async: { request in
  ///   let body = try await request.body.collect(upTo: 1 << 20)
  ///   return Response("\(body.count) bytes\n")
  /// })
  /// ```
  ///
  /// - Parameter handler: called for each request when its head has arrived; the body arrives as it is read. A ``Refusal``
  ///   that it throws is answered with its status, any other error with `500 Internal Server Error` and a line in
  ///   `HTTPOptions.logger`. When the client goes, the task is cancelled.
  @_disfavoredOverload
  public static func http(
    options: HTTPOptions = HTTPOptions(), async handler: @escaping AsyncRequestHandler
  ) -> Service {
    http(options: options, RequestTask.handler(handler))
  }
}
