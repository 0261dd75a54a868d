import GnetHTTP

/// GET /plaintext, and POST /count, which answers with the length of the body.
enum HTTPKinds {
  private static let plaintext = Response("Hello, World!", type: "text/plain")
  private static let notFound = Response(.notFound)

  private struct Count: BodyReceiver {
    var byteCount = 0
    mutating func receive(_ bytes: Span<UInt8>) { byteCount += bytes.count }
    mutating func finish() -> Response { Response("\(byteCount)", type: "text/plain") }
  }

  static var handlers: Service {
    .http { request in
      switch (request.method, request.path) {
      case (.get, "/plaintext"): plaintext
      case (.post, "/count"): .receivingBody { Count() }
      default: notFound
      }
    }
  }

  static var tasks: Service {
    .http(async: { request in
      switch (request.method, request.path) {
      case (.get, "/plaintext"): return plaintext
      case (.post, "/count"):
        var byteCount = 0
        for try await part in request.body { byteCount += part.count }
        return Response("\(byteCount)", type: "text/plain")
      default: return notFound
      }
    })
  }
}
