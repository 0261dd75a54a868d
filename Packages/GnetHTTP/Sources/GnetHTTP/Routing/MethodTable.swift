internal import HTTPTypes

/// The handlers of a path by method, and the answers where there is none.
final class MethodTable: Sendable {
  /// The handlers of known methods, by their raw values.
  private let handlers: [RequestHandler?]
  /// The handlers of other methods.
  private let others: [String: RequestHandler]
  /// The methods that any route has.
  private let known: Set<String>
  /// The answer to OPTIONS.
  let options: Response
  private let notAllowed: Response

  /// - Parameter known: the methods that any route has.
  init(_ handlers: [(method: HTTPRequest.Method, handler: RequestHandler)], known: Set<String>) {
    var table: [RequestHandler?] = KnownMethod.allCases.map { _ in nil }
    var others: [String: RequestHandler] = [:]
    for (method, handler) in handlers {
      let name = Array(method.rawValue.utf8)
      let known = KnownMethod(HTTPLine(name.span), name.indices)
      if known == .other { others[method.rawValue] = handler } else { table[Int(known.rawValue)] = handler }
    }
    let getIndex = Int(KnownMethod.get.rawValue), headIndex = Int(KnownMethod.head.rawValue)
    table[headIndex] = table[headIndex] ?? table[getIndex]
    self.handlers = table
    self.others = others
    self.known = known

    let names = KnownMethod.allCases.filter { table[Int($0.rawValue)] != nil && $0 != .options }.map(\.name)
    let allowed = (names + others.keys.sorted() + [KnownMethod.options.name]).joined(separator: ", ")
    options = Response(.noContent, fields: [.allow: allowed])
    notAllowed = Response(
      .methodNotAllowed, "405 Method Not Allowed: this answers \(allowed).\n", fields: [.allow: allowed])
  }

  static let notImplemented = Response(Refusal(.notImplemented, "the method is not known here"))

  @inline(__always)
  func answer(_ request: inout Request) -> Response {
    if let handler = handlers[Int(request.index.method.rawValue)] { return handler(&request) }
    return answerOther(&request)
  }

  @inline(never)
  private func answerOther(_ request: inout Request) -> Response {
    if request.index.method == .options { return options }
    if request.index.method == .other, let handler = others[request.method.rawValue] { return handler(&request) }
    return knows(request) ? notAllowed : Self.notImplemented
  }

  /// Whether the method is one that servers implement, or that a route has.
  func knows(_ request: borrowing Request) -> Bool {
    switch request.index.method {
    case .other, .connect: known.contains(request.method.rawValue)
    default: true
    }
  }
}

extension KnownMethod {
  /// The name.
  fileprivate var name: String {
    switch self {
    case .get: "GET"
    case .head: "HEAD"
    case .post: "POST"
    case .put: "PUT"
    case .delete: "DELETE"
    case .options: "OPTIONS"
    case .trace: "TRACE"
    case .patch: "PATCH"
    case .connect: "CONNECT"
    case .other: ""
    }
  }
}
