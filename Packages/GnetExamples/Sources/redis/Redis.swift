// Speaks the protocol of redis: redis-cli, redis-benchmark and client libraries work against it.
import ArgumentParser
import ExampleSupport
import RedisEngine

@main
struct Redis: ServerProgram {
  static let summary =
    "Keeps strings, lists, sets, hashes, sorted sets and streams in memory, and speaks RESP2 and RESP3."

  func run(_ server: ServerArguments) throws {
    let engine = Engine()
    try server.serve(engine.service, defaultAddress: "tcp://localhost:6379", started: engine.start)
  }
}
