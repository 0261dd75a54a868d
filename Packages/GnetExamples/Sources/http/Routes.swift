import Gnet
import GnetHTTP

/// The paths and their answers.
enum Routes {
  /// The longest delay of `/delay/`, in milliseconds.
  static let longestDelay = 60_000

  static var router: Router {
    var router = Router()
    router.get("/") { _ in page }
    router.get("/plaintext") { _ in plaintext }
    router.get("/json") { _ in json }
    router.post("/echo") { _ in .collectingBody { body in Response(.ok, bytes: body) } }
    router.get("/delay/:milliseconds") { request in
      guard let delay = request.parameter("milliseconds").flatMap(milliseconds) else { return notFound }
      return response(after: delay, on: request.loop)
    }
    let echo = WebSocketService { _ in Echo() }
    router.get("/ws") { request in echo.upgrade(request) }
    router.notFound = notFound
    return router
  }

  /// A WebSocket that sends messages back.
  private struct Echo: WebSocketHandler {
    mutating func received(_ message: inout WebSocketMessage, _ socket: inout WebSocket) {
      socket.send(moving: &message)
    }
  }

  /// A response after a delay, on a loop.
  private static func response(after milliseconds: Int, on loop: EventLoop) -> Response {
    .later { pending in
      loop.schedule(after: .milliseconds(milliseconds)) {
        pending.send(Response("\(milliseconds) ms later\n"))
      }.keep()
    }
  }

  /// The number in `/delay/MS`.
  private static func milliseconds(_ text: String) -> Int? {
    // Int would accept a sign as well.
    guard text.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }), let number = Int(text),
      number <= longestDelay
    else { return nil }
    return number
  }

  // MARK: Constant answers

  private static let plaintext = Response("Hello, World!", type: "text/plain")
  private static let json = Response(#"{"message":"Hello, World!"}"#, type: "application/json")
  private static let notFound = Response(.notFound, "404 Not Found: there is nothing here.\n")
  private static let page = Response(
    """
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
    <li>/ws, a WebSocket that sends messages back
    </ul>
    </html>

    """, type: "text/html; charset=utf-8")
}
