public import HTTPTypes

/// A table of paths and methods, and their handlers.
///
/// ```swift
/// var router = Router()
/// router.get("/") { _ in Response("Hello, World!\n") }
/// router.get("/users/:name") { request in Response("hello, \(request.parameter("name") ?? "")\n") }
/// router.post("/upload", async: { request in
///   let body = try await request.body.collect(upTo: 1 << 20)
///   return Response(.created, "\(body.count) bytes\n")
/// })
/// let service = Service.http(router)
/// ```
///
/// In a pattern, a segment `:name` stands for a segment of the path that is not empty, and `*name` at the end for the rest
/// of the path. The handler finds what they stand for by ``Request/parameter(_:)``. A path goes to its most specific
/// pattern, whatever the order of the calls. Escapes of a path are normalised before: `/%61` is `/a`.
///
/// The router answers by itself:
///
/// | request | answer |
/// |---|---|
/// | HEAD of a path with GET | that of GET, without the body |
/// | OPTIONS of a path, or of `*` | 204 with `Allow` |
/// | another method of a path | 405 with `Allow` |
/// | another path | ``notFound`` |
/// | a method that is nobody's | 501 |
public struct Router: Sendable {
  /// A pattern, and the handlers of its methods.
  struct Route: Sendable {
    let pattern: PathPattern
    var handlers: [(method: HTTPRequest.Method, handler: RequestHandler)]
  }

  private(set) var routes: [Route] = []

  /// The answer to a request for a path without a route.
  public var notFound = Response(Refusal(.notFound, "there is nothing here"))

  /// Creates a router without routes.
  public init() {}

  /// Adds a route.
  ///
  /// - Precondition: the pattern begins with a slash, a `*` is in its last segment only, and there is no other handler for
  ///   the same paths and method.
  public mutating func on(
    _ method: HTTPRequest.Method, _ pattern: String, _ handler: @escaping RequestHandler
  ) {
    let pattern = PathPattern(pattern)
    let index = routes.firstIndex { $0.pattern.isEquivalent(to: pattern) } ?? routes.endIndex
    if index == routes.endIndex { routes.append(Route(pattern: pattern, handlers: [])) }
    precondition(
      !routes[index].handlers.contains { $0.method == method },
      "Router: there are two handlers of \(method) \(pattern.text)")
    routes[index].handlers.append((method, handler))
  }

  /// Adds a route whose requests are answered by tasks.
  @_disfavoredOverload
  public mutating func on(
    _ method: HTTPRequest.Method, _ pattern: String, async handler: @escaping AsyncRequestHandler
  ) {
    on(method, pattern, RequestTask.handler(handler))
  }

  /// Adds a route for GET, and for HEAD.
  public mutating func get(_ pattern: String, _ handler: @escaping RequestHandler) { on(.get, pattern, handler) }

  /// Adds a route for GET, and for HEAD, whose requests are answered by tasks.
  @_disfavoredOverload
  public mutating func get(_ pattern: String, async handler: @escaping AsyncRequestHandler) {
    on(.get, pattern, async: handler)
  }

  /// Adds a route for POST.
  public mutating func post(_ pattern: String, _ handler: @escaping RequestHandler) { on(.post, pattern, handler) }

  /// Adds a route for POST whose requests are answered by tasks.
  @_disfavoredOverload
  public mutating func post(_ pattern: String, async handler: @escaping AsyncRequestHandler) {
    on(.post, pattern, async: handler)
  }

  /// The handler of all routes, for a handler that does something before or after.
  public var handler: RequestHandler {
    let table = RouteTable(self)
    return { request in table.answer(&request) }
  }
}
