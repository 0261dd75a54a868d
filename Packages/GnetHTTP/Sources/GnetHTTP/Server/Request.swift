public import Gnet
public import HTTPTypes

/// A request, as a handler sees it: a view that is lent for the length of the call.
///
/// The fields are looked at where they lie. An answer that needs the body is ``Response/collectingBody(upTo:_:)`` or
/// ``Response/receivingBody(upTo:_:)``; what it needs of the request is to be taken out before:
///
/// ```swift
/// let service = Service.http { request in
///   let name = request[.userAgent] ?? "you"
///   return .collectingBody { body in Response("\(name) has sent \(body.count) bytes\n") }
/// }
/// ```
@safe
public struct Request: ~Copyable {
  let index: HeadIndex
  /// The head, in the connection's input, which nobody changes during the call.
  private let start: UnsafePointer<UInt8>
  private let connection: UnsafeMutablePointer<Connection>
  /// The parameters of the route.
  var parameters: RouteParameters?

  @unsafe
  init(_ start: UnsafePointer<UInt8>, _ index: HeadIndex, _ connection: UnsafeMutablePointer<Connection>) {
    unsafe self.start = start
    unsafe self.connection = connection
    self.index = index
  }

  /// The head.
  public var head: RequestHead {
    @_lifetime(borrow self)
    borrowing get {
      let head = unsafe RequestHead(Span(_unsafeStart: start, count: index.end), index)
      return unsafe _overrideLifetime(head, borrowing: self)
    }
  }

  /// The bytes of the path.
  var pathBytes: Span<UInt8> {
    @_lifetime(borrow self)
    borrowing get {
      let bytes = unsafe Span(_unsafeStart: start + index.path.lowerBound, count: index.path.count)
      return unsafe _overrideLifetime(bytes, borrowing: self)
    }
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

  /// The client's address.
  public var remoteAddress: SocketAddress { unsafe connection.pointee.remoteAddress }

  /// The handle of the connection.
  var handle: ConnectionHandle { unsafe connection.pointee.handle }

  /// The loop of the connection.
  public var loop: EventLoop { unsafe connection.pointee.loop }
}
