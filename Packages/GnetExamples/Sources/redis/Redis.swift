// Speaks the protocol of redis: redis-cli, redis-benchmark and client libraries work against it.
import ArgumentParser
import ExampleSupport
import RedisEngine

@main
struct Redis: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "redis",
    abstract: "Keeps strings, lists, sets, hashes, sorted sets and streams in memory, and speaks RESP2 and RESP3.")

  @OptionGroup var server: ServerArguments

  func run() throws {
    let engine = Engine()
    try server.serve(engine.service, defaultAddress: "tcp://localhost:6379", started: engine.start)
  }
}
