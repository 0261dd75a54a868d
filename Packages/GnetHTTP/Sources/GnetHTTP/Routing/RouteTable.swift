internal import HTTPTypes

/// The routes of a service, for look-up.
final class RouteTable: Sendable {
  /// A path without parameters.
  private struct ExactRoute: Sendable {
    let path: [UInt8]
    let methods: MethodTable
  }

  /// The exact paths, by their lengths.
  private let exact: [[ExactRoute]]
  /// The patterns with parameters, the more specific ones first.
  private let patterns: [(pattern: PathPattern, methods: MethodTable)]
  private let notFound: Response
  /// The methods of all routes.
  private let all: MethodTable

  init(_ router: Router) {
    let methods = Set(router.routes.flatMap { $0.handlers.map(\.method.rawValue) })
    var exact: [[ExactRoute]] = []
    var patterns: [(pattern: PathPattern, methods: MethodTable)] = []
    for route in router.routes {
      let table = MethodTable(route.handlers, known: methods)
      guard let path = route.pattern.path else {
        patterns.append((route.pattern, table))
        continue
      }
      while exact.count <= path.count { exact.append([]) }
      exact[path.count].append(ExactRoute(path: path, methods: table))
    }
    patterns.sort { $0.pattern.isMoreSpecific(than: $1.pattern) }
    self.exact = exact
    self.patterns = patterns
    notFound = router.notFound
    all = MethodTable(router.routes.flatMap(\.handlers), known: methods)
  }

  @inline(__always)
  func answer(_ request: inout Request) -> Response {
    if let methods = find(request.pathBytes) { return methods.answer(&request) }
    return answerOther(&request)
  }

  /// The methods of an exact path.
  @inline(__always)
  private func find(_ path: Span<UInt8>) -> MethodTable? {
    guard path.count < exact.count else { return nil }
    for route in exact[path.count] where path.isEqual(to: route.path) { return route.methods }
    return nil
  }

  /// Answers a request for a path that is no exact one as sent.
  @inline(never)
  private func answerOther(_ request: inout Request) -> Response {
    if request.index.method == .options, request.pathBytes.isEqual(to: [UInt8(ascii: "*")]) { return all.options }
    if !all.knows(request) { return MethodTable.notImplemented }
    let path = PercentEncoding.normalize(request.pathBytes)
    if let methods = find(path.span) { return methods.answer(&request) }
    for (pattern, methods) in patterns {
      guard let parameters = pattern.match(path) else { continue }
      request.parameters = parameters
      return methods.answer(&request)
    }
    return notFound
  }
}

extension Span<UInt8> {
  /// Whether the bytes are those of `other`.
  @inline(__always)
  fileprivate func isEqual(to other: [UInt8]) -> Bool {
    guard count == other.count else { return false }
    for index in indices where unsafe self[unchecked: index] != other[index] { return false }
    return true
  }
}
