import ArgumentParser
import Foundation
import LoadGenerator

/// The kind of request, as a word of the command line.
enum Protocol: String, ExpressibleByArgument, CaseIterable {
  case echo, http, post
  case webSocket = "websocket"
  case redisSet = "redis-set"
  case redisGet = "redis-get"
}

/// `gnet-load run`.
struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Sends requests and measures (the default).",
    discussion: """
      A connection sends its next request when a reply has come, unless one of these says otherwise: \
      --rate sends at fixed times, whatever the server does, and counts a request's latency from when it was due, so \
      that a server that stalls cannot hide it (no coordinated omission); --lockstep lets all connections begin a round \
      together; --reconnect opens a connection for every request.
      """)

  @Argument(help: "The server.") var address: String
  @Option(name: .customLong("protocol"), help: "What to ask.") var exchange = Protocol.echo
  @Option(name: .shortAndLong, help: "Connections open at a time.") var connections = 1
  @Option(name: .shortAndLong, help: "Requests that a connection has under way.") var pipeline = 1
  @Option(name: .shortAndLong, help: "Bytes in a message, in a body, or in a redis value.") var size = 64
  @Option(name: .shortAndLong, help: "Seconds to measure.") var duration = 1.0
  @Option(help: "Seconds to run beforehand, unmeasured.") var warmUp = 0.0
  @Option(help: "Send so many requests, instead of for some time.") var requests: Int?
  @Option(help: "Requests a second over all connections: an open loop.") var rate: Double?
  @Flag(help: "Begin each round when all connections have had all their replies.") var lockstep = false
  @Flag(help: "Send the datagrams that are due on a socket with one call, for the system to take apart.")
  var segmented = false
  @Flag(help: "One connection for each request, closed after the reply.") var reconnect = false
  @Flag(help: "Resume the newest session of TLS on each connection; the server has to accept that.") var resume = false
  @Option(help: "What to GET, to POST to, or where the WebSocket is.") var path = "/plaintext"
  @Option(help: "The body that has to come for a GET.") var body = "Hello, World!"
  @Option(help: ArgumentHelp("Take along the processor time of this process.", valueName: "pid"))
  var server: Int32?
  @Option(help: "Give up after so many seconds without any reply.") var patience = 10.0

  func validate() throws {
    if [lockstep, reconnect, rate != nil].count(where: { $0 }) > 1 {
      throw ValidationError("--lockstep, --reconnect and --rate exclude each other.")
    }
    if let server, server < 1 { throw ValidationError("--server needs the number of a process.") }
  }

  func run() throws {
    let exchange: Plan.Exchange =
      switch exchange {
      case .echo: .echo(size: size)
      case .http: .http(path: path, body: body)
      case .post: .post(path: path, size: size)
      case .webSocket: .webSocket(path: path, size: size)
      case .redisSet: .redisSet(size: size)
      case .redisGet: .redisGet(size: size)
      }
    var plan = Plan(target: try Target(address), exchange: exchange)
    plan.pace = lockstep ? .lockstep : reconnect ? .reconnect : rate.map(Plan.Pace.open) ?? .closed
    plan.connections = connections
    plan.pipeline = pipeline
    plan.isSegmented = segmented
    plan.resumes = resume
    plan.duration = duration
    plan.warmUp = warmUp
    plan.requestLimit = requests
    plan.serverProcess = server
    plan.patience = patience
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    print(String(decoding: try encoder.encode(Engine(plan).run()), as: UTF8.self))
  }
}
