import HTTPSupport

/// The answer to a request.
enum Answer {
  case response(Response)
  /// The body of the request.
  case echo
  /// A response after a delay.
  case delayed(Response, milliseconds: Int)
}

/// The paths and their answers.
enum Router {
  /// The longest delay of `/delay/`, in milliseconds.
  static let longestDelay = 60_000

  static func answer(_ method: Method, _ path: String) -> Answer {
    if case .other = method { return .response(notImplemented) }
    switch path {
    case "/": return get(method, .response(page))
    case "/plaintext": return get(method, .response(plaintext))
    case "/json": return get(method, .response(json))
    case "/echo": return post(method, .echo)
    case "*": return .response(capabilities)
    default:
      guard let milliseconds = delay(path) else { return .response(notFound) }
      return get(method, .delayed(Response(.ok, body: "\(milliseconds) ms later\n"), milliseconds: milliseconds))
    }
  }

  /// The answer if the method is GET or HEAD; the methods if a client asks for them; otherwise a refusal.
  private static func get(_ method: Method, _ answer: Answer) -> Answer {
    switch method {
    case .get, .head: answer
    case .options: .response(getOptions)
    default: .response(onlyGet)
    }
  }

  /// The answer if the method is POST; the methods if a client asks for them; otherwise a refusal.
  private static func post(_ method: Method, _ answer: Answer) -> Answer {
    switch method {
    case .post: answer
    case .options: .response(postOptions)
    default: .response(onlyPost)
    }
  }

  /// The number in `/delay/MS`.
  private static func delay(_ path: String) -> Int? {
    let prefix = "/delay/"
    guard path.hasPrefix(prefix) else { return nil }
    let digits = path.utf8.dropFirst(prefix.utf8.count)
    // Int would accept a sign as well.
    guard digits.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }),
      let number = Int(Substring(digits)), number <= longestDelay
    else { return nil }
    return number
  }

  // MARK: Constant answers

  private static let plaintext = Response(.ok, "text/plain", body: "Hello, World!")
  private static let json = Response(.ok, "application/json", body: #"{"message":"Hello, World!"}"#)
  private static let notFound = Response(.notFound, body: "404 Not Found: there is nothing here.\n")
  private static let notImplemented = Response(
    .notImplemented, body: "501 Not Implemented: the method is not known here.\n")
  private static let onlyGet = notAllowed("GET, HEAD, OPTIONS")
  private static let onlyPost = notAllowed("POST, OPTIONS")
  private static let getOptions = options("GET, HEAD, OPTIONS")
  private static let postOptions = options("POST, OPTIONS")
  private static let capabilities = options("GET, HEAD, POST, OPTIONS")

  private static func options(_ allowed: String) -> Response {
    Response(.noContent, fields: [("Allow", allowed)], body: "")
  }

  private static func notAllowed(_ allowed: String) -> Response {
    Response(
      .methodNotAllowed, fields: [("Allow", allowed)], body: "405 Method Not Allowed: this answers \(allowed).\n")
  }

  private static let page = Response(
    .ok, "text/html; charset=utf-8",
    body: """
      <!DOCTYPE html>
      <html lang="en">
      <meta charset="utf-8">
      <title>gnet</title>
      <h1>It works</h1>
      <p>This page comes from an event loop. There are also
      <ul>
      <li><a href="/plaintext">/plaintext</a>, a greeting
      <li><a href="/json">/json</a>, the same as an object
      <li>/echo, which sends back what is posted to it
      <li><a href="/delay/1000">/delay/1000</a>, which takes a second
      </ul>
      </html>

      """)
}
