public import Gnet
public import HTTPTypes

/// A handler of requests that may wait: returns the answer.
public typealias AsyncRequestHandler = @Sendable (AsyncRequest) async throws -> Response

/// A request, for a task. See `Service.http(options:async:)`.
public struct AsyncRequest: Sendable {
  private let bytes: [UInt8]
  private let index: HeadIndex
  private let parameters: RouteParameters?

  /// The body, as it arrives.
  public let body: RequestBody

  /// The client's address.
  public let remoteAddress: SocketAddress

  init(_ request: borrowing Request, body: RequestBody) {
    let head = request.head.bytes
    bytes = unsafe head.withUnsafeBufferPointer { unsafe Array($0) }
    index = request.index
    parameters = request.parameters
    remoteAddress = request.remoteAddress
    self.body = body
  }

  /// The head.
  public var head: RequestHead {
    @_lifetime(borrow self)
    get { RequestHead(bytes.span, index) }
  }

  /// The method.
  public var method: HTTPRequest.Method { head.method }

  /// The path as sent, without the query.
  public var path: String { head.path }

  /// The text behind the question mark of the target, as sent; `nil` if there is none.
  public var query: String? { head.query }

  /// The value of a field; `nil` if there is none. See ``RequestHead/subscript(_:)``.
  public subscript(name: HTTPField.Name) -> String? { head[name] }

  /// The part of the path that a parameter of the route stands for, decoded; `nil` if the route has no such parameter.
  public func parameter(_ name: String) -> String? { parameters?[name] }
}

/// The task of a request.
enum RequestTask {
  /// The handler that has tasks answer.
  static func handler(_ handler: @escaping AsyncRequestHandler) -> RequestHandler {
    { request in
      let channel = request.index.framing == .none ? nil : BodyChannel(request.handle)
      let owned = AsyncRequest(request, body: RequestBody(channel))
      let makeSink = channel.map { channel in { @Sendable () -> BodySink in AsyncSink(channel) } }
      return Response(.waiting(WaitingAnswer(makeSink: makeSink, start: .task { try await handler(owned) })))
    }
  }
}
