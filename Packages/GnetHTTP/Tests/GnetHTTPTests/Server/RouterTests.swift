import GnetHTTP
import TestPeers
import TestSupport
import Testing

@Suite("A router")
struct RouterTests {
  private static var router: Router {
    var router = Router()
    router.get("/") { _ in Response("root") }
    router.get("/plain") { _ in Response("plain") }
    router.post("/plain") { _ in Response("posted") }
    router.get("/users/:name") { request in Response("user \(request.parameter("name") ?? "?")") }
    router.get("/users/me") { _ in Response("me") }
    router.get("/users/:name/files/*path") { request in
      Response("file \(request.parameter("path") ?? "?") of \(request.parameter("name") ?? "?")")
    }
    router.get("/caf\u{E9}", async: { request in Response("coffee \(request.parameter("x") == nil)") })
    router.on(HTTPRequest.Method("PURGE")!, "/cache/*") { _ in Response("purged") }
    return router
  }

  @Test(
    "finds the most specific pattern, whatever escapes a path has",
    arguments: [
      ("/", "root"), ("/?x", "root"), ("/plain", "plain"), ("/%70lain", "plain"), ("/pl%61in?q", "plain"),
      ("http://x/plain", "plain"), ("/users/me", "me"), ("/users/m%65", "me"), ("/users/you", "user you"),
      ("/users/a%2Fb%20c", "user a/b c"), ("/users/%zz", "user %zz"), ("/users/%%341", "user %41"),
      ("/users/me/files/a/b", "file a/b of me"),
      ("/users/x/files/", "file  of x"), ("/caf%c3%a9", "coffee true"), ("/caf%C3%A9", "coffee true"),
    ])
  func paths(target: String, body: String) throws {
    try withServer(.http(Self.router)) { server in
      let response = try server.answer(get(target))
      #expect(response.status == 200 && response.body == body)
    }
  }

  @Test("answers everything else by itself")
  func others() throws {
    try withServer(.http(Self.router)) { server in
      let client = try server.connect()
      func answer(_ method: String, _ target: String) throws -> HTTPClient.Response {
        client.send(get(target).replacing("GET", with: method))
        return try #require(client.response(isHead: method == "HEAD"))
      }
      for path in ["/x", "/plain/", "/Plain", "/users/", "/users/a/b", "//plain", "/%2Fplain", "/users/x/files"] {
        #expect(try answer("GET", path).status == 404, "\(path)")
      }
      #expect(try answer("HEAD", "/plain").fields["content-length"] == "5")
      #expect(try answer("POST", "/plain").body == "posted")
      for (method, path, status, allowed) in [
        ("OPTIONS", "/plain", 204, "GET, HEAD, POST, OPTIONS"), ("OPTIONS", "/users/x", 204, "GET, HEAD, OPTIONS"),
        ("DELETE", "/plain", 405, "GET, HEAD, POST, OPTIONS"), ("PURGE", "/plain", 405, "GET, HEAD, POST, OPTIONS"),
        ("GET", "/cache/x", 405, "PURGE, OPTIONS"), ("OPTIONS", "*", 204, "GET, HEAD, POST, PURGE, OPTIONS"),
      ] {
        let response = try answer(method, path)
        #expect(response.status == status && response.fields["allow"] == allowed, "\(method) \(path)")
      }
      #expect(try answer("PURGE", "/cache/x").body == "purged")
      #expect(try answer("OPTIONS", "/x").status == 404)
      #expect(try answer("BREW", "/plain").status == 501)
      #expect(try answer("get", "/x").status == 501)
    }
  }

  @Test("traps on patterns that cannot be meant")
  func mistakes() async {
    await #expect(processExitsWith: .failure) {
      var router = Router()
      router.get("plain") { _ in Response("") }
    }
    await #expect(processExitsWith: .failure) {
      var router = Router()
      router.get("/*rest/x") { _ in Response("") }
    }
    await #expect(processExitsWith: .failure) {
      var router = Router()
      router.get("/:a") { _ in Response("") }
      router.get("/:b") { _ in Response("") }
    }
  }
}
