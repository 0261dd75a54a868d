// Answers a request of its own over HTTP, and ends.
import GnetHTTP

let service = Service.http { request in
  let name = request.path
  return .collectingBody { body in Response("\(name) \(body.count)\n") }
}
let running = try start([Listener("tcp://127.0.0.1:0", service)], options: .http)
let (answers, continuation) = AsyncStream.makeStream(of: [UInt8].self)
running.server.connect(
  to: "tcp://\(running.server.addresses[0])",
  Service(async: { connection in
    try await connection.write("POST /hello HTTP/1.0\r\nContent-Length: 5\r\n\r\nworld")
    var answer: [UInt8] = []
    while let bytes = try await connection.read() { answer += bytes }
    continuation.yield(answer)
  }))
for await answer in answers {
  let text = String(decoding: answer, as: UTF8.self)
  precondition(text.hasPrefix("HTTP/1.1 200 OK\r\n") && text.hasSuffix("\r\n\r\n/hello 5\n"), text)
  break
}
running.shutdown()
try running.wait()
